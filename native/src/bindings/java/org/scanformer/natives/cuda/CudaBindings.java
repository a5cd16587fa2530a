package org.scanformer.natives.cuda;

import java.util.Map;
import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.bytedeco.javacpp.tools.Info;
import org.bytedeco.javacpp.tools.InfoMap;
import org.bytedeco.javacpp.tools.InfoMapper;

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
  private static final Map<String, String> JAVA_TYPES =
      Map.of("float", "float", "int32_t", "int", "int64_t", "long", "uint8_t", "byte");

  @Override
  public void map(InfoMap infoMap) {
    // Opaque handles, and tables that Java fills through buffers: both are plain addresses to Java.
    for (String type :
        new String[] {
          "sf_stream", "sf_graph", "sf_grid", "sf_kv_append", "sf_kv_segment", "sf_query_block"
        }) {
      infoMap.put(new Info("const " + type, type).pointerTypes("Pointer").cast());
    }
    // One overload an operation: arrays live in native memory, so that no call copies one.
    for (String type : new String[] {"float", "int32_t", "int64_t", "uint8_t"}) {
      infoMap.put(
          new Info("const " + type, type)
              .valueTypes(JAVA_TYPES.get(type))
              .pointerTypes("Pointer")
              .cast());
    }
    infoMap.put(new Info("SCANFORMER_H", "SCANFORMER_CUDA_H").skip());
  }
}
