/** The same model in other libraries, prepared for the same workloads, for comparison. */
package org.scanformer.bench.peers;
