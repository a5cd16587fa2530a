package org.scanformer.video;

import org.bytedeco.cuda.global.cudart;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVCodecHWConfig;
import org.bytedeco.ffmpeg.avutil.AVBufferRef;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.files.NativeLibraries;

/**
 * Decoding by NVDEC, whose frames stay in the memory of a GPU. Used by one thread, which has the
 * GPU as its current device.
 */
final class CudaDecoding implements AutoCloseable {
  /**
   * AV_CUDA_USE_CURRENT_CONTEXT, which the presets leave out: FFmpeg then allocates where the
   * model's addresses are.
   */
  private static final int USE_CURRENT_CONTEXT = 1 << 1;

  private final AVCodec codec;
  private final AVBufferRef device;
  private final boolean required;

  private CudaDecoding(AVCodec codec, AVBufferRef device, boolean required) {
    this.codec = codec;
    this.device = device;
    this.required = required;
  }

  /**
   * The decoding that the options ask for.
   *
   * @param codecId FFmpeg's AV_CODEC_ID of the video
   * @param turned whether frames are to be turned, which is done on the CPU only
   * @return null for decoding on the CPU
   * @throws ScanFormerException UNSUPPORTED when NVDEC is asked for and cannot be used
   */
  static CudaDecoding of(VideoSourceOptions options, int codecId, boolean turned) {
    boolean required = options.decoding() == VideoSourceOptions.Decoding.NVDEC;
    if (options.decoding() == VideoSourceOptions.Decoding.CPU) {
      return null;
    }
    try {
      if (turned) {
        throw unsupported("does not turn frames upright, as this video needs");
      }
      return new CudaDecoding(decoder(codecId), openDevice(options.cudaDevice()), required);
    } catch (ScanFormerException e) {
      if (required) {
        throw e;
      }
      return null;
    }
  }

  private static ScanFormerException unsupported(String what) {
    return new ScanFormerException(
        ErrorCode.UNSUPPORTED, "NVDEC " + what + "; expected the decoder cpu or auto");
  }

  /** The first decoder of a codec that can give frames of CUDA and also decode on the CPU. */
  private static AVCodec decoder(int codecId) {
    try (PointerPointer<?> state = new PointerPointer<>(1)) {
      state.put(0, (Pointer) null);
      AVCodec each = avcodec.av_codec_iterate(state);
      while (each != null && !each.isNull()) {
        if (each.id() == codecId && givesCudaFrames(each)) {
          return each;
        }
        each = avcodec.av_codec_iterate(state);
      }
    }
    throw unsupported("does not decode " + avcodec.avcodec_get_name(codecId).getString());
  }

  private static boolean givesCudaFrames(AVCodec codec) {
    if (avcodec.av_codec_is_decoder(codec) == 0) {
      return false;
    }
    int i = 0;
    AVCodecHWConfig config = avcodec.avcodec_get_hw_config(codec, i);
    while (config != null && !config.isNull()) {
      if (config.device_type() == avutil.AV_HWDEVICE_TYPE_CUDA
          && (config.methods() & avcodec.AV_CODEC_HW_CONFIG_METHOD_HW_DEVICE_CTX) != 0) {
        return true;
      }
      i++;
      config = avcodec.avcodec_get_hw_config(codec, i);
    }
    return false;
  }

  private static AVBufferRef openDevice(int index) {
    try {
      NativeLibraries.load(() -> Loader.load(cudart.class));
      int error = cudart.cudaSetDevice(index);
      if (error != cudart.cudaSuccess) {
        throw unsupported(
            "finds no CUDA device " + index + ": " + cudart.cudaGetErrorString(error).getString());
      }
    } catch (LinkageError e) {
      throw unsupported(
          "needs an NVIDIA driver, CUDA 13 and scanformer-cuda, found none (" + cause(e) + ")");
    }
    AVBufferRef device = new AVBufferRef((Pointer) null);
    int result =
        avutil.av_hwdevice_ctx_create(
            device,
            avutil.AV_HWDEVICE_TYPE_CUDA,
            Integer.toString(index),
            (AVDictionary) null,
            USE_CURRENT_CONTEXT);
    if (result < 0) {
      throw unsupported("is not there on the CUDA device " + index + ": " + Ffmpeg.message(result));
    }
    return device;
  }

  /** The first line of what is wrong with the libraries. */
  private static String cause(LinkageError error) {
    return String.valueOf(error.getMessage()).lines().findFirst().orElse("");
  }

  /** The decoder. */
  AVCodec codec() {
    return codec;
  }

  /**
   * Has a decoder use the GPU. Before it is opened.
   *
   * @param framesKept how many frames are kept at once after they were decoded
   */
  void serve(AVCodecContext context, int framesKept) {
    context.hw_device_ctx(avutil.av_buffer_ref(device));
    context.extra_hw_frames(framesKept);
  }

  /**
   * Waits until a decoded frame is complete.
   *
   * @throws ScanFormerException UNSUPPORTED when NVDEC is asked for and FFmpeg decoded on the CPU,
   *     as NVDEC does not know the video's profile
   */
  void complete(AVFrame frame) {
    if (CudaFrames.isCuda(frame)) {
      int error = cudart.cudaDeviceSynchronize();
      if (error != cudart.cudaSuccess) {
        throw new ScanFormerException(
            ErrorCode.DEVICE_ERROR,
            "NVDEC failed: " + cudart.cudaGetErrorString(error).getString());
      }
    } else if (required) {
      throw unsupported("does not decode this profile of " + codec.name().getString());
    }
  }

  @Override
  public void close() {
    avutil.av_buffer_unref(device);
  }
}
