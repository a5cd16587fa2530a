/**
 * Benchmarks: JMH classes, harnesses for latency, throughput and precision, and the suite that runs
 * them beside the peers and reports the results.
 */
package org.scanformer.bench;
