package org.scanformer.natives.cpu;

import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.bytedeco.javacpp.tools.InfoMap;
import org.bytedeco.javacpp.tools.InfoMapper;
import org.scanformer.natives.CApi;

/** How the C API's headers become the Java class {@code CpuKernels}. Read by the build alone. */
@Properties(
    value =
        @Platform(
            value = "linux-x86_64",
            include = {"scanformer.h", "scanformer_linear.h"},
            // JavaCPP hands these to the linker in reverse: what needs a library comes before it.
            link = {"gomp", "dnnl", "scanformer_cpu"},
            preload = {"gomp@.1", "dnnl@.3"},
            preloadresource = "/org/bytedeco/dnnl/",
            library = "jniscanformer_cpu"),
    target = "org.scanformer.natives.cpu.CpuKernels")
public class CpuBindings implements InfoMapper {
  @Override
  public void map(InfoMap infoMap) {
    CApi.map(infoMap, "sf_linear", "SCANFORMER_LINEAR_H");
  }
}
