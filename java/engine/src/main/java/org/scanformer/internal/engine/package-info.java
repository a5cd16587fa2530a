/**
 * The scale loop and the encoder over a {@link org.scanformer.internal.backend.Backend}: schedule
 * ({@code ScaleLoop}), packing of a batch into tables ({@code BatchPacker}), the operations of a
 * scale in their order ({@code ForwardPass}, {@code Encoder}), and the memory they work in ({@code
 * Workspace}).
 */
package org.scanformer.internal.engine;
