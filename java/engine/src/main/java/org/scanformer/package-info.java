/**
 * Finds, in an image, the object that an expression refers to.
 *
 * <p>{@link org.scanformer.ScanFormer} is a loaded model, and the entry point: it answers calls of
 * any thread one after another. {@link org.scanformer.Session} answers the frames of one stream and
 * allocates nothing; {@link org.scanformer.Batcher} queues the requests of many callers. {@link
 * org.scanformer.Image} is what is searched, {@link org.scanformer.Expression} a text encoded once
 * for many calls, {@link org.scanformer.Location} the answer. Every failure is a {@link
 * org.scanformer.ScanFormerException} whose code says what to do.
 *
 * <p>Native libraries are unpacked from the jars and loaded when a backend is first asked for: ours
 * with the CPU backend, then, only where devices are asked for, the CUDA backend's, and cuBLAS once
 * a device was found. {@link org.scanformer.ScanFormer#devices()} never throws; it says why a
 * device cannot be used. System properties:
 *
 * <ul>
 *   <li>{@code org.scanformer.cache}: the private directory where native libraries and the bundled
 *       model are unpacked; {@code .cache/scanformer} in the home directory by default, a temporary
 *       one that is deleted at exit where that cannot be written. A directory that another user
 *       owns or can write to is refused.
 *   <li>{@code org.scanformer.trackLeaks}: true to name, for each model, session, batcher,
 *       expression or source of video that was not closed, where it was made
 *   <li>{@code org.scanformer.cpu.isa}: limits the CPU kernels of x86-64 to 1 (the baseline), 3
 *       (x86-64-v3) or 4 (x86-64-v4); arm64 has 1 only
 *   <li>{@code org.scanformer.cuda.plainMatmul}: true for our plain matrix product instead of
 *       cuBLAS
 *   <li>{@code org.scanformer.cuda.matmul}: {@code timed} by default, for which each shape of
 *       matrix product is timed when the process first meets it, and the faster of cuBLAS's and our
 *       own is kept; {@code own}, {@code cublas} or {@code mixed} to choose without timing
 *   <li>{@code org.scanformer.cuda.matmulChoices}: a file that keeps what was faster, for each
 *       device, version of cuBLAS and precision, so that later processes choose the same and give
 *       the same results bit for bit; it is read when a device is first opened, and trusted
 *   <li>{@code org.scanformer.cuda.l2Bytes}: the size of the L2 cache, of which twice as much is
 *       written before each trial; asked of the device by default
 *   <li>{@code org.scanformer.cuda.stagingBytes}: pinned memory, and as much of the device's,
 *       through which the images of a batch go, 512 MiB by default: those of larger batches take
 *       turns. A single image may need more.
 *   <li>{@code org.scanformer.cuda.plainLaunches}: true to launch kernels one by one instead of as
 *       CUDA graphs
 * </ul>
 *
 * <p>The library logs to the {@link System.Logger} {@code org.scanformer}: a lost device and a
 * batch thread's end as warnings and errors, why the CPU was chosen at debug level.
 */
package org.scanformer;
