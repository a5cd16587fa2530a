package org.scanformer.natives.cuda;

import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.bytedeco.javacpp.tools.Info;
import org.bytedeco.javacpp.tools.InfoMap;
import org.bytedeco.javacpp.tools.InfoMapper;
import org.scanformer.natives.CApi;

/**
 * How the CUDA backend's header becomes the Java class {@code CudaApi}: the backend's table, which
 * the front is given, and what only CUDA has. Read only by the build.
 */
@Properties(
    target = "org.scanformer.natives.cuda.CudaApi",
    value =
        @Platform(
            library = "jniscanformer_cuda",
            // JavaCPP hands these to the linker in reverse: what needs a library comes before it.
            link = {"rt", "pthread", "dl", "cudart_static", "scanformer_cuda"},
            include = {"scanformer.h", "scanformer_cuda.h"},
            value = {"linux-x86_64", "linux-arm64"}))
public class CudaBindings implements InfoMapper {
  @Override
  public void map(InfoMap infoMap) {
    CApi.map(infoMap, "sf_graph", "sf_batch_segment");
    // The functions of this header are in the front's library, not in this one.
    infoMap.put(new Info("scanformer.h").skip());
  }
}
