package org.scanformer.natives.cuda;

import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.bytedeco.javacpp.tools.InfoMap;
import org.bytedeco.javacpp.tools.InfoMapper;
import org.scanformer.natives.CApi;

/**
 * How the C API's headers become the CUDA backend's Java class {@code CudaKernels}. Read by the
 * build alone.
 */
@Properties(
    value =
        @Platform(
            value = "linux-x86_64",
            include = {"scanformer.h", "scanformer_cuda.h"},
            // JavaCPP hands these to the linker in reverse: what needs a library comes before it.
            link = {"rt", "pthread", "dl", "cudart_static", "scanformer_cuda"},
            library = "jniscanformer_cuda"),
    target = "org.scanformer.natives.cuda.CudaKernels")
public class CudaBindings implements InfoMapper {
  @Override
  public void map(InfoMap infoMap) {
    CApi.map(infoMap, "sf_graph", "SCANFORMER_CUDA_H");
  }
}
