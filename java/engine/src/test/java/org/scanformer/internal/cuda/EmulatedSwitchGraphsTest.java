package org.scanformer.internal.cuda;

import org.junit.jupiter.api.Tag;

/** {@link CudaSwitchGraphsTests} with kernels and conditional nodes emulated on the host. */
@Tag("emulation")
class EmulatedSwitchGraphsTest extends CudaSwitchGraphsTests {}
