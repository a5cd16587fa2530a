/** Image pyramids without a model, for training and for the benchmarks' peers. */
package org.scanformer.internal.pyramid;
