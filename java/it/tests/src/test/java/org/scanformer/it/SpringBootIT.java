package org.scanformer.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A service in the jar of Spring Boot, which loads its model on a thread of the common pool. */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SpringBootIT {
  private static final Pattern STARTED = Pattern.compile("Tomcat started on port (\\d+)");

  @TempDir private Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"spring-boot-3", "spring-boot-4"})
  void answersWithALocation(String module) throws Exception {
    Process service =
        new ProcessBuilder(
                Applications.java(),
                "-Dorg.scanformer.cache=" + directory.resolve("cache"),
                "-jar",
                Applications.jar(module).toString(),
                "--server.port=0",
                "--server.address=127.0.0.1")
            .redirectErrorStream(true)
            .start();
    try {
      URI address = URI.create("http://127.0.0.1:" + port(service) + "/locate?text=the+red+star");
      HttpClient client = HttpClient.newHttpClient();
      HttpResponse<String> scene = post(client, address, Applications.scene());
      assertEquals(200, scene.statusCode(), scene.body());
      assertTrue(
          scene.body().matches("(?s)\\{\"found\":true,.*\"box\":\\{\"x\":3\\d\\..*"), scene.body());
      HttpResponse<String> webp = post(client, address, Applications.picture("lossy.webp"));
      assertEquals(200, webp.statusCode(), webp.body());
    } finally {
      service.destroy();
      if (!service.waitFor(30, TimeUnit.SECONDS)) {
        service.destroyForcibly();
      }
    }
  }

  private static HttpResponse<String> post(HttpClient client, URI address, String file)
      throws Exception {
    return client.send(
        HttpRequest.newBuilder(address)
            .header("Content-Type", "application/octet-stream")
            .POST(HttpRequest.BodyPublishers.ofFile(Path.of(file)))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static String port(Process service) throws Exception {
    BufferedReader output = service.inputReader();
    StringBuilder text = new StringBuilder();
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      text.append(line).append('\n');
      Matcher started = STARTED.matcher(line);
      if (started.find()) {
        return started.group(1);
      }
    }
    throw new AssertionError("The service did not start: " + text);
  }
}
