package org.scanformer;

import org.junit.jupiter.api.Tag;

/**
 * {@link CudaReplayTests} with the kernels emulated on the host, whose queue runs its work late.
 */
@Tag("emulation")
class EmulatedReplayTest extends CudaReplayTests {}
