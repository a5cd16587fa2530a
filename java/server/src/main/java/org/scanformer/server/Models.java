package org.scanformer.server;

import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/** The models of a server, by name and version. Immutable once loaded, so it is thread-safe. */
public final class Models implements AutoCloseable {
  private final Map<String, TreeMap<Integer, ServedModel>> byName = new LinkedHashMap<>();

  /**
   * Loads models one after another.
   *
   * @param specs at least one, no two of one name and version
   * @throws IllegalArgumentException when two have one name and version
   */
  static Models load(List<ModelSpec> specs, Function<ModelSpec, ServedModel> loader) {
    requireDistinct(specs);
    Models models = new Models();
    try {
      for (ModelSpec spec : specs) {
        models
            .byName
            .computeIfAbsent(spec.name(), name -> new TreeMap<>())
            .put(Integer.valueOf(spec.version()), loader.apply(spec));
      }
    } catch (RuntimeException | Error e) {
      models.close();
      throw e;
    }
    return models;
  }

  private static void requireDistinct(List<ModelSpec> specs) {
    Set<String> seen = new HashSet<>();
    for (ModelSpec spec : specs) {
      if (!seen.add(spec.name() + ":" + spec.version())) {
        throw new IllegalArgumentException(
            "The model "
                + spec.name()
                + " is given twice in version "
                + spec.version()
                + ": name another, as in --model "
                + spec.name()
                + ":2=DIR");
      }
    }
  }

  private Models() {}

  /** The model of a request that names none: the first one's greatest version. */
  public ServedModel first() {
    return byName.values().iterator().next().lastEntry().getValue();
  }

  /**
   * The model of a name and version.
   *
   * @param version null or empty for the greatest
   * @throws ServiceException NOT_FOUND naming what there is
   */
  public ServedModel get(String name, String version) {
    TreeMap<Integer, ServedModel> versions = byName.get(name);
    if (versions == null) {
      throw ServiceException.of(
          FailureKind.NOT_FOUND,
          "There is no model '%s': the models are %s",
          name,
          byName.keySet());
    }
    if (version == null || version.isEmpty()) {
      return versions.lastEntry().getValue();
    }
    ServedModel model =
        version.matches("[0-9]{1,9}") ? versions.get(Integer.valueOf(version)) : null;
    if (model == null) {
      throw ServiceException.of(
          FailureKind.NOT_FOUND,
          "The model '%s' has no version '%s': its versions are %s",
          name,
          version,
          versions.keySet());
    }
    return model;
  }

  /** The versions of a name, the smallest first. */
  public List<String> versions(String name) {
    return byName.get(name).keySet().stream().map(String::valueOf).toList();
  }

  /** All models, in the order they were given. */
  public List<ServedModel> all() {
    return byName.values().stream().map(TreeMap::values).flatMap(Collection::stream).toList();
  }

  /** Whether all can be asked. */
  public boolean areReady() {
    return all().stream().allMatch(ServedModel::isReady);
  }

  /** Takes back what waits in the queues, and takes no more: the clients are gone. */
  void stop() {
    all().forEach(ServedModel::stop);
  }

  /** Answers what is in the queues, and frees all models. */
  @Override
  public void close() {
    List<ServedModel> loaded = all();
    RuntimeException failure = null;
    for (ServedModel model : loaded) {
      try {
        model.close();
      } catch (RuntimeException e) {
        failure = e;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
