package org.scanformer.spark;

import org.apache.spark.sql.SparkSession;

/** A session in this JVM with two tasks at a time, shared by tests. */
final class LocalSpark {
  private LocalSpark() {}

  static SparkSession session() {
    return SparkSession.builder()
        .master("local[2]")
        .config("spark.ui.enabled", false)
        .config("spark.sql.shuffle.partitions", 2)
        .getOrCreate();
  }
}
