package org.scanformer.spark;

import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.function.Executable;

/** A session in this JVM with two tasks at a time, shared by tests. */
final class LocalSpark {
  private LocalSpark() {}

  static SparkSession session() {
    return plain().master("local[2]").getOrCreate();
  }

  /**
   * The builder of a session whose queries are of a few rows: they are interpreted as they are,
   * without the compiling and planning anew that Spark does by default.
   */
  static SparkSession.Builder plain() {
    return SparkSession.builder()
        .config("spark.ui.enabled", false)
        .config("spark.sql.shuffle.partitions", 2)
        .config("spark.sql.codegen.wholeStage", false)
        .config("spark.sql.codegen.factoryMode", "NO_CODEGEN")
        .config("spark.sql.adaptive.enabled", false);
  }

  /** Does work with a session that compiles and plans as Spark does by default. */
  static void compiling(SparkSession session, Executable work) throws Throwable {
    session.conf().set("spark.sql.codegen.wholeStage", true);
    session.conf().set("spark.sql.codegen.factoryMode", "CODEGEN_ONLY");
    session.conf().set("spark.sql.adaptive.enabled", true);
    try {
      work.execute();
    } finally {
      session.conf().set("spark.sql.codegen.wholeStage", false);
      session.conf().set("spark.sql.codegen.factoryMode", "NO_CODEGEN");
      session.conf().set("spark.sql.adaptive.enabled", false);
    }
  }

  /** Stops the session that there is, be it this one or that of a cluster. */
  static void stop() {
    if (SparkSession.getDefaultSession().isDefined()) {
      SparkSession.getDefaultSession().get().stop();
    }
  }
}
