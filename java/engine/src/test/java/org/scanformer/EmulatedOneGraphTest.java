package org.scanformer;

import org.junit.jupiter.api.Tag;

/** {@link CudaOneGraphTests} with kernels and conditional nodes emulated on the host. */
@Tag("emulation")
class EmulatedOneGraphTest extends CudaOneGraphTests {}
