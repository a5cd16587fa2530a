package org.scanformer.server.http;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.eclipse.jetty.http.pathmap.MatchedResource;
import org.eclipse.jetty.http.pathmap.PathMappings;
import org.eclipse.jetty.http.pathmap.UriTemplatePathSpec;
import org.scanformer.server.FailureKind;
import org.scanformer.server.ServiceException;

/** Finds the endpoint of a method and a path. Set up by one thread, then read by many. */
final class Routes {
  /**
   * An endpoint at its place.
   *
   * @param template the path, with its variables in braces
   * @param endpoint what answers
   * @param readsBody whether its calls have a body, and so are work that is admitted and limited
   * @param isPublic whether it needs no token
   */
  record Route(String template, Endpoint endpoint, boolean readsBody, boolean isPublic) {}

  /** A route and the values of its variables. */
  record Match(Route route, Map<String, String> variables) {}

  private final PathMappings<Map<String, Route>> paths = new PathMappings<>();

  /** What anybody may read. */
  Routes open(String template, Endpoint endpoint) {
    return add("GET", new Route(template, endpoint, false, true));
  }

  /** What who has the token may read. */
  Routes get(String template, Endpoint endpoint) {
    return add("GET", new Route(template, endpoint, false, false));
  }

  /** What does work. */
  Routes post(String template, Endpoint endpoint) {
    return add("POST", new Route(template, endpoint, true, false));
  }

  private Routes add(String method, Route route) {
    UriTemplatePathSpec spec = new UriTemplatePathSpec(route.template());
    Map<String, Route> methods = paths.get(spec);
    if (methods == null) {
      methods = new LinkedHashMap<>();
      paths.put(spec, methods);
    }
    methods.put(method, route);
    return this;
  }

  /**
   * The route of a request.
   *
   * @throws ServiceException NOT_FOUND or METHOD_NOT_ALLOWED
   */
  Match find(String method, String path) {
    MatchedResource<Map<String, Route>> matched = paths.getMatched(path);
    if (matched == null) {
      throw new ServiceException(FailureKind.NOT_FOUND, "There is nothing at " + path);
    }
    Map<String, Route> methods = matched.getResource();
    Route route = methods.get(method.equals("HEAD") ? "GET" : method);
    if (route == null) {
      throw new ServiceException(
          FailureKind.METHOD_NOT_ALLOWED, path + " knows " + allowed(path) + ", found " + method);
    }
    return new Match(route, ((UriTemplatePathSpec) matched.getPathSpec()).getPathParams(path));
  }

  /** The methods that a path knows, which has a route, as HTTP lists them. */
  String allowed(String path) {
    return paths.getMatched(path).getResource().keySet().stream()
        .map(method -> method.equals("GET") ? "GET, HEAD" : method)
        .collect(Collectors.joining(", "));
  }
}
