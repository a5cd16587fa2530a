package org.scanformer.video;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/** A camera on the network that stalls, vanishes and changes its size. */
class LiveSourceTest {
  private static final int MILLIS_BETWEEN_FRAMES = 20;

  @Test
  @Timeout(60)
  void aCameraThatStallsVanishesAndChangesItsSizeIsFollowed() throws Exception {
    VideoSourceOptions options =
        VideoSourceOptions.builder()
            .stallLimit(Duration.ofMillis(800))
            .backOff(Duration.ofMillis(20), Duration.ofMillis(100))
            .build();
    try (Camera camera = new Camera();
        VideoSource source = VideoSource.open(camera.url(), options)) {
      assertTrue(source.isLive());
      Set<String> sizes = new LinkedHashSet<>();
      long time = -1;
      VideoFrame frame = source.next();
      while (!sizes.contains("96x72")) {
        sizes.add(frame.image().width() + "x" + frame.image().height());
        assertTrue(frame.timestampNanos() >= time, "time went back");
        time = frame.timestampNanos();
        frame = source.next();
      }
      assertEquals(Set.of("64x48", "80x60", "96x72"), sizes);
      VideoStatistics done = source.statistics();
      assertEquals(1, done.stalls(), done.toString());
      assertEquals(2, done.reconnects(), done.toString());
    }
  }

  @Test
  @Timeout(60)
  void aCameraThatStaysAwayEndsTheVideoWithTheReason() throws Exception {
    VideoSourceOptions options =
        VideoSourceOptions.builder()
            .maxReconnects(2)
            .backOff(Duration.ofMillis(10), Duration.ofMillis(20))
            .build();
    Camera camera = new Camera();
    try (VideoSource source = VideoSource.open(camera.url(), options)) {
      camera.close();
      AtomicInteger frames = new AtomicInteger();
      ScanFormerException ended =
          assertThrows(
              ScanFormerException.class,
              () -> {
                while (source.next() != null) {
                  frames.incrementAndGet();
                }
              });
      assertTrue(frames.get() > 0);
      assertEquals(ErrorCode.BAD_INPUT, ended.code());
      assertTrue(ended.getMessage().contains("broke off: "), ended.getMessage());
      assertTrue(ended.getMessage().contains("refused"), ended.getMessage());
    }
  }

  @Test
  @Timeout(60)
  void aFilmOnAWebServerIsReadOnceAndToItsEnd() throws Exception {
    byte[] film = Files.readAllBytes(Clips.small());
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, film.length);
          try (OutputStream out = exchange.getResponseBody()) {
            out.write(film);
          }
        });
    server.setExecutor(Executors.newCachedThreadPool());
    server.start();
    String url = "http://127.0.0.1:" + server.getAddress().getPort() + "/film.mp4";
    try (VideoSource source = VideoSource.open(url)) {
      assertFalse(source.isLive());
      int frames = 0;
      for (VideoFrame frame = source.next(); frame != null; frame = source.next()) {
        assertEquals(frames / MovingShapes.FPS, frame.timestampNanos() / 1e9, 1e-3);
        frames++;
      }
      assertEquals(Clips.SMALL_FRAMES, frames);
      assertEquals(0, source.statistics().reconnects());
    } finally {
      server.stop(0);
      ((ExecutorService) server.getExecutor()).shutdownNow();
    }
  }

  /** Serves MJPEG: one visitor after another gets another act. */
  private static final class Camera implements AutoCloseable {
    private final ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
    private final Thread thread = new Thread(this::serve, "camera");
    private volatile Socket visitor;

    Camera() throws IOException {
      thread.setDaemon(true);
      thread.start();
    }

    String url() {
      return "http://127.0.0.1:" + server.getLocalPort() + "/video";
    }

    private void serve() {
      for (int visit = 0; !server.isClosed(); visit++) {
        try (Socket socket = server.accept()) {
          visitor = socket;
          OutputStream out = socket.getOutputStream();
          write(
              out,
              "HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n");
          switch (visit) {
            // It vanishes.
            case 0 -> send(out, 30, 64, 48);
            // It changes its size, and stalls.
            case 1 -> {
              send(out, 30, 64, 48);
              send(out, 20, 80, 60);
              Thread.sleep(1500);
            }
            default -> send(out, 200, 96, 72);
          }
        } catch (IOException | InterruptedException e) {
          // The visitor has left.
        }
      }
    }

    private static void send(OutputStream out, int frames, int width, int height)
        throws IOException, InterruptedException {
      ByteArrayOutputStream jpeg = new ByteArrayOutputStream();
      BufferedImage picture = new MovingShapes(width, height, 0).draw(0);
      ImageIO.write(picture, "jpg", jpeg);
      for (int i = 0; i < frames; i++) {
        write(
            out,
            "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: " + jpeg.size() + "\r\n\r\n");
        out.write(jpeg.toByteArray());
        write(out, "\r\n");
        Thread.sleep(MILLIS_BETWEEN_FRAMES);
      }
    }

    private static void write(OutputStream out, String text) throws IOException {
      out.write(text.getBytes(StandardCharsets.US_ASCII));
    }

    @Override
    public void close() throws IOException {
      server.close();
      if (visitor != null) {
        visitor.close();
      }
    }
  }
}
