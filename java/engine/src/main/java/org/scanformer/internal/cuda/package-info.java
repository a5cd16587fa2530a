/**
 * The CUDA backend: finding devices, matrix products by cuBLASLt, graphs, pinned memory. Classes
 * that need the driver are only touched after a device was found.
 */
package org.scanformer.internal.cuda;
