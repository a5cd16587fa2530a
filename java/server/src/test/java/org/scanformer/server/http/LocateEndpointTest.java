package org.scanformer.server.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.scanformer.server.Fixture.json;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.scanformer.Image;
import org.scanformer.Location;
import org.scanformer.ScanFormer;
import org.scanformer.server.Fixture;

/** {@code POST /v1/locate}: its three kinds of bodies, and what is refused. */
class LocateEndpointTest {
  private static final String PATH = "/v1/locate";
  private static final String FORM = "multipart/form-data; boundary=part";

  private static Fixture server;

  /** The library's own answer. */
  private static Location expected;

  @BeforeAll
  static void start() {
    server = Fixture.start();
    try (ScanFormer model = ScanFormer.load()) {
      expected = model.locate(Image.read(Fixture.SCENE), Fixture.TEXT);
    }
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static String base64() {
    return Base64.getEncoder().encodeToString(Fixture.scene());
  }

  private static void assertAnswer(HttpResponse<String> response) {
    assertEquals(200, response.statusCode(), response.body());
    JsonNode found = json(response);
    assertEquals(expected.box().x(), found.at("/box/x").doubleValue(), 0.05);
    assertEquals(expected.box().width(), found.at("/box/width").doubleValue(), 0.05);
    assertEquals(expected.score(), found.get("score").floatValue(), 1e-3f);
    assertEquals(expected.scales().size(), found.get("scales").size());
  }

  @Test
  void answersEachKindOfBodyAsTheLibraryDoes() {
    Map<String, String> fields = Map.of("text", Fixture.TEXT);
    assertAnswer(server.post(PATH, FORM, Fixture.multipart(Fixture.scene(), fields)));
    assertAnswer(server.postJson(PATH, Map.of("image", base64(), "text", Fixture.TEXT)));
    assertAnswer(
        server.postJson(
            PATH, Map.of("image", "data:image/png;base64," + base64(), "text", Fixture.TEXT)));
    String query = "?text=" + Fixture.TEXT.replace(' ', '+');
    assertAnswer(server.post(PATH + query, "image/png", Fixture.scene()));
  }

  @Test
  void givesABoxAfterEveryScaleWhereThatIsAskedFor() {
    HttpResponse<String> response =
        server.postJson(
            PATH, Map.of("image", base64(), "text", "the star", "schedule", "per-scale"));
    assertEquals(200, response.statusCode(), response.body());
    json(response).get("scales").forEach(s -> assertTrue(s.get("box_cxcywh").isArray()));
    assertEquals("per-scale", json(response).get("schedule").textValue());
  }

  @Test
  void appliesTheThreshold() {
    Map<String, Object> body = new HashMap<>(Map.of("image", base64(), "text", "the star"));
    body.put("found_threshold", 1.0);
    assertEquals(false, json(server.postJson(PATH, body)).get("found").booleanValue());
    body.put("found_threshold", "0");
    assertEquals(true, json(server.postJson(PATH, body)).get("found").booleanValue());
  }

  @Test
  void tellsTheCandidatesThatAreAskedFor() {
    Map<String, Object> body = new HashMap<>(Map.of("image", base64(), "text", Fixture.TEXT));
    assertEquals(0, json(server.postJson(PATH, body)).get("candidates").size());
    for (Object candidates : new Object[] {2, "2"}) {
      body.put("candidates", candidates);
      JsonNode told = json(server.postJson(PATH, body)).get("candidates");
      assertEquals(2, told.size());
      assertTrue(told.get(0).get("score").doubleValue() >= told.get(1).get("score").doubleValue());
    }
    for (Object wrong : new Object[] {-1, 101, 1.5, "many"}) {
      body.put("candidates", wrong);
      assertProblem(400, "candidates must be", server.postJson(PATH, body));
    }
  }

  private static void assertProblem(int status, String words, HttpResponse<String> response) {
    assertEquals(status, response.statusCode(), response.body());
    assertEquals(
        "application/problem+json", response.headers().firstValue("Content-Type").orElse(""));
    JsonNode problem = json(response);
    assertEquals(status, problem.get("status").intValue());
    assertTrue(problem.get("detail").textValue().contains(words), response.body());
    assertEquals(problem.get("detail"), problem.get("error"));
  }

  @Test
  void refusesWhatItCannotRead() {
    String image = base64();
    assertProblem(415, "is not read", server.post(PATH, "text/plain", new byte[3]));
    assertProblem(400, "missing or blank", server.postJson(PATH, Map.of("image", image)));
    assertProblem(400, "found neither", server.postJson(PATH, Map.of("text", "the star")));
    assertProblem(400, "no field 'txt'", server.postJson(PATH, Map.of("image", image, "txt", "a")));
    assertProblem(
        400, "found '%' at 0", server.postJson(PATH, Map.of("image", "%%%", "text", "a")));
    assertProblem(
        400, "found U+000A at 4", server.postJson(PATH, Map.of("image", "AAAA\n", "text", "a")));
    assertProblem(
        403,
        "fetches no image",
        server.post(
            PATH,
            "application/json",
            "{\"image\": null, \"image_url\": \"x\", \"text\": \"a\"}".getBytes()));
    assertProblem(400, "found nothing", server.post(PATH, "application/json", new byte[0]));
    assertProblem(
        400,
        "0 to 1",
        server.postJson(PATH, Map.of("image", image, "text", "a", "found_threshold", 2)));
    assertProblem(
        404,
        "the models are [shapes]",
        server.postJson(PATH, Map.of("image", image, "text", "a", "model", "b")));
    assertProblem(400, "cannot be read", server.post(PATH, FORM, "no parts".getBytes()));
    byte[] form = Fixture.multipart(new byte[1], Map.of());
    byte[] twice = new String(form).replace("--part--", new String(form)).getBytes();
    assertProblem(400, "'image' is given twice", server.post(PATH, FORM, twice));
    byte[] nameless = new String(form).replace("name=\"image\"; ", "").getBytes();
    assertProblem(400, "has no name", server.post(PATH, FORM, nameless));
    assertProblem(400, "cannot be read", server.post(PATH, "application/json", "{".getBytes()));
    assertProblem(
        400, "cannot be read", server.post(PATH, "application/json", "[".repeat(99).getBytes()));
    HttpResponse<String> noImage =
        server.postJson(PATH, Map.of("image", "AAAA", "text", "the star"));
    assertEquals(400, noImage.statusCode());
    assertEquals("BAD_INPUT", json(noImage).get("code").textValue());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "multipart/form-data; boundary=\"",
        "multipart/form-data; boundary=\"part",
        "multipart/form-data; boundary=part\"",
        "multipart/form-data; x=\"; boundary=part",
        "multipart/form-data; boundary=\"part\\\"",
        "multipart/form-data\"",
        "\"",
        "image/png\""
      })
  void refusesATypeThatCannotBeParsed(String type) {
    byte[] body = Fixture.multipart(Fixture.scene(), Map.of("text", Fixture.TEXT));
    assertProblem(400, "Content-Type cannot be read", server.post(PATH, type, body));
  }

  @Test
  void refusesABodyWithoutAType() {
    assertProblem(
        415,
        "'' is not read",
        server.send(
            HttpRequest.newBuilder(server.uri(PATH))
                .POST(HttpRequest.BodyPublishers.ofByteArray(Fixture.scene()))));
    for (String type : List.of("", ";")) {
      assertProblem(415, "'' is not read", server.post(PATH, type, Fixture.scene()));
    }
  }

  @Test
  void fetchesNoUrl() {
    assertProblem(
        403,
        "fetches no image",
        server.postJson(PATH, Map.of("image_url", server.uri("/").toString(), "text", "the star")));
  }

  @Test
  void tellsWhatThereIsNot() {
    assertProblem(404, "nothing at /v3", server.get("/v3"));
    HttpResponse<String> read = server.get(PATH);
    assertProblem(405, "knows POST", read);
    assertEquals("POST", read.headers().firstValue("Allow").orElse(""));
    HttpResponse<String> written = server.postJson("/v2", Map.of());
    assertProblem(405, "knows GET, HEAD", written);
    assertEquals("GET, HEAD", written.headers().firstValue("Allow").orElse(""));
  }

  /** Each character of it takes twelve bytes of the reply, twice. */
  @Test
  void repeatsLittleOfWhatIsWrong() {
    HttpResponse<String> response =
        server.postJson(
            PATH, Map.of("image", base64(), "text", "a", "schedule", "😀".repeat(250_000)));
    assertProblem(400, "schedule must be final-only or per-scale, found '😀", response);
    assertTrue(response.body().length() < 4096, "" + response.body().length());
  }
}
