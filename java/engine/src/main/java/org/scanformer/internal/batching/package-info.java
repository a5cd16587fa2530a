/**
 * The queue in front of models: requests of many threads wait in a {@link
 * org.scanformer.internal.batching.BatchQueue}, and a {@link
 * org.scanformer.internal.batching.BatchWorker} for each model answers them in batches.
 */
package org.scanformer.internal.batching;
