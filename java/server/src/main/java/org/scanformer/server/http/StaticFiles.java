package org.scanformer.server.http;

import java.io.IOException;
import java.io.InputStream;
import java.util.Map;

/** The page and the description of the interface, as they are in the jar. */
final class StaticFiles {
  /** Nothing of others is loaded, nothing is sent elsewhere, and no other page shows this one. */
  private static final Map<String, String> POLICY =
      Map.of(
          "Content-Security-Policy",
          "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
              + " img-src 'self' blob: data:; media-src 'self' blob:; base-uri 'none';"
              + " form-action 'none'; frame-ancestors 'none'",
          "Permissions-Policy",
          "camera=(self)",
          "Referrer-Policy",
          "no-referrer");

  private StaticFiles() {}

  static void addTo(Routes routes) {
    routes.open("/", file("page.html", "text/html; charset=utf-8"));
    routes.open("/page.css", file("page.css", "text/css; charset=utf-8"));
    routes.open("/page.js", file("page.js", "text/javascript; charset=utf-8"));
    routes.open("/overlay.js", file("overlay.js", "text/javascript; charset=utf-8"));
    routes.open("/openapi.json", file("openapi.json", Reply.JSON));
  }

  private static Endpoint file(String name, String type) {
    Reply reply = new Reply(200, type, read(name), POLICY);
    return Endpoint.of(call -> reply);
  }

  private static byte[] read(String name) {
    try (InputStream in = StaticFiles.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("The jar lacks " + name);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new IllegalStateException("The jar's " + name + " cannot be read", e);
    }
  }
}
