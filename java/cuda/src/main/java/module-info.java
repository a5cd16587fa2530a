/**
 * Brings the bindings of cuBLAS, which the engine needs to run on NVIDIA GPUs and does without on
 * the CPU. A modular application that uses a GPU requires this module; it exports nothing.
 */
module org.scanformer.cuda {
  requires transitive org.scanformer;
  requires org.bytedeco.cuda;
}
