package org.scanformer.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.scanformer.Box;
import org.scanformer.Image;
import org.scanformer.PixelFormat;
import org.scanformer.video.Overlay;
import org.scanformer.video.Picture;
import org.scanformer.video.Track;
import org.scanformer.video.VideoFrame;
import org.scanformer.video.VideoSink;
import org.scanformer.video.VideoSource;

/** What the command for video makes of frames and tracks: a film, lines of JSON and a window. */
final class VideoOutput implements AutoCloseable {
  private static final double DEFAULT_FPS = 25;

  private final VideoCommand asked;
  private final double framesPerSecond;
  private final PrintWriter lines;
  private final boolean ownsLines;
  private final FrameWindow window;
  private Picture picture;
  private VideoSink sink;
  private long firstTime = -1;

  VideoOutput(VideoCommand asked, VideoSource source, PrintWriter out) throws IOException {
    this.asked = asked;
    double rate = source.framesPerSecond() > 0 ? source.framesPerSecond() : DEFAULT_FPS;
    framesPerSecond =
        asked.framesPerSecond() == null ? rate : Math.min(rate, asked.framesPerSecond());
    window = asked.show() ? new FrameWindow("scanformer: " + source, source::close) : null;
    ownsLines = asked.json() != null && !asked.json().equals("-");
    lines =
        ownsLines
            ? new PrintWriter(
                Files.newBufferedWriter(Path.of(asked.json()), StandardCharsets.UTF_8))
            : asked.json() != null ? out : null;
  }

  /** Writes a frame to all that is asked for. */
  void write(VideoFrame frame, List<Track> tracks) {
    if (firstTime < 0) {
      firstTime = frame.timestampNanos();
    }
    if (lines != null) {
      lines.println(LocationJson.write(toJson(frame, tracks)));
      if (lines.checkError()) {
        throw ownsLines
            ? new CliException("The file " + asked.json() + " could not be written to")
            : new AnswersLostException();
      }
    }
    if (asked.out() != null || window != null) {
      draw(frame.image(), tracks);
    }
    if (asked.out() != null) {
      if (sink == null) {
        sink =
            VideoSink.open(
                asked.out(), picture.image().width(), picture.image().height(), framesPerSecond);
      }
      sink.write(picture, frame.timestampNanos() - firstTime);
    }
    if (window != null) {
      window.show(picture.toBufferedImage());
    }
  }

  private void draw(Image image, List<Track> tracks) {
    boolean fits =
        picture != null
            && picture.image().width() == image.width()
            && picture.image().height() == image.height();
    if (!fits) {
      if (picture != null) {
        picture.close();
      }
      picture = Picture.of(image.width(), image.height(), PixelFormat.I420);
    }
    picture.set(image);
    Overlay overlay = picture.overlay();
    for (int i = 0; i < tracks.size(); i++) {
      Track track = tracks.get(i);
      if (track.found()) {
        String label = (track.text() + " " + VideoStatus.score(track, "")).strip();
        overlay.box(track.box(), Overlay.colorOf(i)).label(track.box(), label, Overlay.colorOf(i));
      }
    }
  }

  private static ObjectNode toJson(VideoFrame frame, List<Track> tracks) {
    ObjectNode line = LocationJson.object();
    line.put("frame", frame.index()).put("time", frame.timestampNanos() / 1e9);
    ArrayNode array = line.putArray("tracks");
    for (Track track : tracks) {
      ObjectNode node = array.addObject().put("text", track.text()).put("found", track.found());
      if (track.found()) {
        Box box = track.box();
        node.putObject("box")
            .put("x", box.x())
            .put("y", box.y())
            .put("width", box.width())
            .put("height", box.height());
      }
      if (!Float.isNaN(track.score())) {
        node.put("score", track.score());
      }
      node.put("scales", track.completedScales()).put("patches", track.patches());
    }
    return line;
  }

  /** Completes the files. Idempotent. */
  @Override
  public void close() {
    if (ownsLines) {
      lines.close();
    }
    if (window != null) {
      window.close();
    }
    if (picture != null) {
      picture.close();
    }
    if (sink != null) {
      sink.close();
    }
  }
}
