package org.scanformer.natives.api;

import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.bytedeco.javacpp.tools.InfoMap;
import org.bytedeco.javacpp.tools.InfoMapper;
import org.scanformer.natives.CApi;

/**
 * How the front's header and the CPU backend's become the Java class {@code Api}. Read only by the
 * build.
 */
@Properties(
    value =
        @Platform(
            value = {"linux-x86_64", "linux-arm64"},
            include = {"scanformer.h", "scanformer_cpu.h"},
            // JavaCPP hands these to the linker in reverse: what needs a library comes before it.
            link = {"gomp", "dnnl", "scanformer_cpu"},
            preload = {"gomp@.1", "dnnl@.3"},
            preloadresource = "/org/bytedeco/dnnl/",
            library = "jniscanformer"),
    target = "org.scanformer.natives.api.Api")
public class ApiBindings implements InfoMapper {
  @Override
  public void map(InfoMap infoMap) {
    CApi.map(infoMap, "sf_linear");
  }
}
