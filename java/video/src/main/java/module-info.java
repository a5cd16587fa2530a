/** Follows objects in video: files, cameras and streams. */
module org.scanformer.video {
  requires transitive org.scanformer;
  requires static org.bytedeco.cuda;
  requires org.bytedeco.ffmpeg;
  requires org.bytedeco.javacpp;

  exports org.scanformer.video;
}
