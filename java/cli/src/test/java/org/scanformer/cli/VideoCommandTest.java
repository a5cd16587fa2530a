package org.scanformer.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.scanformer.Box;
import org.scanformer.PixelFormat;
import org.scanformer.datasets.ReferringPair;
import org.scanformer.datasets.ShapesDataset;
import org.scanformer.datasets.Split;
import org.scanformer.video.Picture;
import org.scanformer.video.VideoFrame;
import org.scanformer.video.VideoSink;
import org.scanformer.video.VideoSource;

/** The command for video, on a film that shows a drawn scene. */
class VideoCommandTest {
  private static final int FRAMES = 12;
  private static final ReferringPair PAIR = ShapesDataset.of(Split.TEST, 1, 20, 320).pair(3);

  @TempDir private Path directory;

  @Test
  void aFilmIsFollowedWrittenAndToldAsJson() throws Exception {
    Path film = film();
    Path out = directory.resolve("out.mp4");
    CommandLineRun run =
        CommandLineRun.run(
            "video",
            "--source",
            film.toString(),
            "--text",
            PAIR.expression(),
            "--text",
            "the red zorgle",
            "--out",
            out.toString(),
            "--json",
            "-",
            "--max-latency",
            "1e30",
            "--backend",
            "cpu");
    assertEquals(0, run.code(), run.err());
    List<String> lines = run.out().lines().toList();
    assertEquals(FRAMES, lines.size());
    JsonNode last = new ObjectMapper().readTree(lines.get(FRAMES - 1));
    assertEquals(FRAMES - 1, last.get("frame").asInt());
    assertEquals((FRAMES - 1) / 10.0, last.get("time").asDouble(), 1e-3);
    assertEquals(2, last.get("tracks").size());
    JsonNode track = last.get("tracks").get(0);
    assertEquals(PAIR.expression(), track.get("text").asText());
    assertTrue(track.get("found").asBoolean());
    assertEquals(3, track.get("scales").asInt());
    JsonNode b = track.get("box");
    Box box =
        new Box(
            b.get("x").asDouble(),
            b.get("y").asDouble(),
            b.get("width").asDouble(),
            b.get("height").asDouble());
    assertTrue(box.intersectionOverUnion(PAIR.box()) > 0.5, box + ", true " + PAIR.box());
    assertTrue(run.err().contains(FRAMES + " frames in "), run.err());
    assertTrue(run.err().contains("does not know \"zorgle\""), run.err());
    assertEquals(FRAMES, frames(out));
  }

  @Test
  void framesAreLeftOutForARateAndScalesForALatency() throws Exception {
    CommandLineRun run =
        CommandLineRun.run(
            "video",
            "--source",
            film().toString(),
            "--text",
            PAIR.expression(),
            "--fps",
            "5",
            "--max-latency",
            "0.000001",
            "--json",
            directory.resolve("lines.jsonl").toString());
    assertEquals(0, run.code(), run.err());
    List<String> lines = Files.readAllLines(directory.resolve("lines.jsonl"));
    assertEquals(FRAMES / 2, lines.size());
    for (String line : lines) {
      JsonNode track = new ObjectMapper().readTree(line).get("tracks").get(0);
      assertEquals(1, track.get("scales").asInt());
    }
  }

  @Test
  void nothingIsWrittenToWhatIsRead() throws IOException {
    String film = film().toString();
    byte[] before = Files.readAllBytes(Path.of(film));
    String link = Files.createSymbolicLink(directory.resolve("b.mp4"), Path.of(film)).toString();
    assertUsage("--out would overwrite", "--source", film, "--text", "a", "--out", link);
    assertUsage("--json would overwrite", "--source", film, "--text", "a", "--json", film);
    String same = directory.resolve("c.mp4").toString();
    assertUsage(
        "name the same file", "--source", film, "--text", "a", "--out", same, "--json", same);
    assertArrayEquals(before, Files.readAllBytes(Path.of(film)));
  }

  @Test
  void aVideoWithoutFramesIsAFailure() throws IOException {
    Path empty = Files.createFile(directory.resolve("empty.raw"));
    Path out = directory.resolve("out.mp4");
    CommandLineRun run =
        CommandLineRun.run(
            "video",
            "--source",
            empty.toString(),
            "--size",
            "32x32",
            "--text",
            "the star",
            "--out",
            out.toString());
    assertEquals(Main.FAILURE, run.code());
    assertTrue(run.err().contains("The video has no frame"), run.err());
    assertFalse(run.err().contains("Video: "), run.err());
    assertFalse(Files.exists(out));
  }

  @Test
  void wrongUsageIsSaid() {
    assertUsage("--out writes MP4", "--source", "a.mp4", "--text", "a", "--out", "b.avi");
    assertUsage("--text is blank", "--source", "a.mp4", "--text", " ");
    assertUsage("--size must be", "--source", "-", "--text", "a", "--size", "640");
    assertUsage(
        "without a container, found it with a.mp4",
        "--source",
        "a.mp4",
        "--text",
        "a",
        "--size",
        "64x48");
    assertUsage(
        "where nothing can be drawn",
        "--source",
        "a.mp4",
        "--text",
        "a",
        "--decoder",
        "nvdec",
        "--out",
        "b.mp4");
    assertUsage(
        "needs the model on the same GPU",
        "--source",
        "a.mp4",
        "--text",
        "a",
        "--decoder",
        "nvdec",
        "--backend",
        "cpu");
    CommandLineRun missing = CommandLineRun.run("video", "--source", "none.mp4", "--text", "a");
    assertEquals(Main.FAILURE, missing.code());
    assertTrue(missing.err().contains("none.mp4 could not be opened"), missing.err());
    CommandLineRun window =
        CommandLineRun.run("video", "--source", film().toString(), "--text", "a", "--show");
    assertEquals(Main.FAILURE, window.code());
    assertTrue(window.err().contains("--show needs a display"), window.err());
  }

  private static void assertUsage(String expected, String... arguments) {
    List<String> all = new ArrayList<>(List.of("video"));
    all.addAll(List.of(arguments));
    CommandLineRun run = CommandLineRun.run(all.toArray(String[]::new));
    assertEquals(Main.USAGE, run.code());
    assertTrue(run.err().contains(expected), run.err());
  }

  @Test
  @Timeout(180)
  void aPipeOfRawFramesIsReadAndEndingTheProcessCompletesTheFilm() throws Exception {
    Path out = directory.resolve("out.mp4");
    Path lines = directory.resolve("lines.jsonl");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "video",
                "--source",
                "-",
                "--size",
                "160x120",
                "--pixel-format",
                "I420",
                "--text",
                "the red circle",
                "--out",
                out.toString(),
                "--json",
                lines.toString())
            .redirectOutput(directory.resolve("out").toFile())
            .redirectError(directory.resolve("err").toFile())
            .start();
    OutputStream pipe = process.getOutputStream();
    byte[] frame = new byte[160 * 120 * 3 / 2];
    Path part = directory.resolve("out.mp4.part");
    try {
      while (!Files.exists(part) || process.isAlive()) {
        pipe.write(frame);
        pipe.flush();
        if (Files.exists(part)) {
          // As Ctrl-C and kill do: the process is asked to end.
          process.destroy();
        }
      }
    } catch (IOException e) {
      // The process reads no more.
    }
    assertTrue(process.waitFor(60, TimeUnit.SECONDS), "the process did not end");
    String err = Files.readString(directory.resolve("err"));
    assertFalse(Files.exists(part), err);
    assertTrue(frames(out) > 0, err);
    assertTrue(Files.readAllLines(lines).size() >= frames(out));
  }

  @ParameterizedTest
  @ValueSource(strings = {"ffmpeg-[^/]*-linux-", "java/video/|scanformer-video"})
  void missingLibrariesAreAClearSentence(String without) throws Exception {
    Pattern left = Pattern.compile(without);
    String classes =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(entry -> !left.matcher(entry).find())
            .collect(Collectors.joining(File.pathSeparator));
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                classes,
                Main.class.getName(),
                "video",
                "--source",
                "film.mp4",
                "--text",
                "the red circle")
            .redirectOutput(directory.resolve("out").toFile())
            .redirectError(directory.resolve("err").toFile())
            .start();
    assertTrue(process.waitFor(120, TimeUnit.SECONDS), "the process did not end");
    List<String> err = Files.readAllLines(directory.resolve("err"));
    assertEquals(1, err.size(), err.toString());
    assertTrue(
        err.get(0).matches("scanformer: Video needs (FFmpeg's native|the directory 'video').*"),
        err.toString());
    assertEquals(Main.FAILURE, process.exitValue());
  }

  private Path film() {
    Path film = directory.resolve("film.mp4");
    try (Picture picture =
            Picture.of(PAIR.image().width(), PAIR.image().height(), PixelFormat.I420);
        VideoSink sink =
            VideoSink.open(film, picture.image().width(), picture.image().height(), 10)) {
      picture.set(PAIR.image().read());
      for (int i = 0; i < FRAMES; i++) {
        sink.write(picture, i * 100_000_000L);
      }
    }
    return film;
  }

  private static long frames(Path film) {
    try (VideoSource source = VideoSource.open(film.toString())) {
      long count = 0;
      for (VideoFrame frame = source.next(); frame != null; frame = source.next()) {
        count++;
      }
      return count;
    }
  }
}
