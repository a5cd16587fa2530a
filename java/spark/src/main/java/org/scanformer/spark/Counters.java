package org.scanformer.spark;

import java.io.Serializable;
import org.apache.spark.SparkContext;
import org.apache.spark.util.LongAccumulator;

/**
 * What tasks have done so far. Work that is done twice, because an executor was lost, counts twice.
 *
 * @param answered questions, those with an error too
 * @param failed questions with an error
 * @param loads of models
 */
record Counters(LongAccumulator answered, LongAccumulator failed, LongAccumulator loads)
    implements Serializable {
  static Counters of(SparkContext context) {
    return new Counters(
        context.longAccumulator("questions answered"),
        context.longAccumulator("questions with an error"),
        context.longAccumulator("models loaded"));
  }
}
