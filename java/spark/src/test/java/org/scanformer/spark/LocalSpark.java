package org.scanformer.spark;

import org.apache.spark.sql.SparkSession;

/**
 * A session in this JVM with two tasks at a time, shared by tests. Its queries are of a few rows:
 * they are interpreted as they are, without the compiling and planning anew that Spark does by
 * default, and on the cluster.
 */
final class LocalSpark {
  private LocalSpark() {}

  static SparkSession session() {
    return SparkSession.builder()
        .master("local[2]")
        .config("spark.ui.enabled", false)
        .config("spark.sql.shuffle.partitions", 2)
        .config("spark.sql.codegen.wholeStage", false)
        .config("spark.sql.codegen.factoryMode", "NO_CODEGEN")
        .config("spark.sql.adaptive.enabled", false)
        .getOrCreate();
  }

  /** Stops the session that there is, be it this one or that of a cluster. */
  static void stop() {
    if (SparkSession.getDefaultSession().isDefined()) {
      SparkSession.getDefaultSession().get().stop();
    }
  }
}
