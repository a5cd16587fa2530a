package org.scanformer.server.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion;
import io.swagger.v3.parser.OpenAPIV3Parser;
import io.swagger.v3.parser.core.models.SwaggerParseResult;
import java.net.http.HttpResponse;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.scanformer.server.Fixture;

/** The OpenAPI document is one, and what the server answers is what it says; and the meters. */
class DescriptionTest {
  private static Fixture server;
  private static JsonNode document;

  @BeforeAll
  static void start() {
    server = Fixture.start();
    document = Fixture.json(server.get("/openapi.json"));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void isValid() {
    SwaggerParseResult read = new OpenAPIV3Parser().readContents(document.toString(), null, null);
    assertEquals(List.of(), read.getMessages());
    assertTrue(read.getOpenAPI().getPaths().containsKey("/v1/locate"));
  }

  private static void assertIs(String schema, HttpResponse<String> response) {
    // The schemas refer to each other by their places in the document.
    String root =
        "{\"$ref\": \"#/components/schemas/"
            + schema
            + "\", \"components\": "
            + document.get("components")
            + "}";
    JsonSchema checked =
        JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V7)
            .getSchema(
                Fixture.json(root),
                SchemaValidatorsConfig.builder().nullableKeywordEnabled(true).build());
    assertEquals(List.of(), List.copyOf(checked.validate(Fixture.json(response))));
  }

  @Test
  void describesTheAnswers() {
    String image = Base64.getEncoder().encodeToString(Fixture.scene());
    for (String schedule : List.of("final-only", "per-scale")) {
      assertIs(
          "Location",
          server.postJson(
              "/v1/locate", Map.of("image", image, "text", "the str", "schedule", schedule)));
    }
    assertIs("Problem", server.get("/nothing"));
    assertIs("Server", server.get("/v2"));
    assertIs("Model", server.get("/v2/models/shapes"));
    Map<String, Object> text =
        Map.of("name", "text", "datatype", "BYTES", "shape", List.of(1), "data", List.of("star"));
    Map<String, Object> picture =
        Map.of("name", "image", "datatype", "BYTES", "shape", List.of(1), "data", List.of(image));
    assertIs(
        "InferenceResponse",
        server.postJson("/v2/models/shapes/infer", Map.of("inputs", List.of(picture, text))));
  }

  @Test
  void thePathsAreAnswered() {
    document
        .get("paths")
        .fieldNames()
        .forEachRemaining(
            path -> {
              String concrete = path.replace("{model}", "shapes").replace("{version}", "1");
              int status = server.get(concrete).statusCode();
              boolean posts = document.get("paths").get(path).has("post");
              assertEquals(posts ? 405 : 200, status, path);
            });
  }

  @Test
  void describesTheFieldsThatAreRead() {
    JsonNode locate = document.at("/paths/~1v1~1locate/post");
    Set<String> fields = new TreeSet<>(LocateForm.FIELDS);
    Set<String> asked = new TreeSet<>();
    locate.get("parameters").findValuesAsText("name").forEach(asked::add);
    asked.remove(RequestHandler.TIMEOUT_HEADER);
    asked.add(LocateForm.IMAGE_URL);
    assertEquals(fields, asked);
    fields.add(LocateForm.IMAGE);
    for (String type : List.of("multipart/form-data", "application/json")) {
      Set<String> properties = new TreeSet<>();
      JsonNode schema = locate.at("/requestBody/content").get(type).get("schema");
      schema.get("properties").fieldNames().forEachRemaining(properties::add);
      assertEquals(fields, properties, type);
    }
    assertTrue(locate.at("/responses").has("404"), "an unknown model");
  }

  @Test
  void metersTellWhatWasDone() {
    String image = Base64.getEncoder().encodeToString(Fixture.scene());
    server.postJson("/v1/locate", Map.of("image", image, "text", "the star"));
    server.get("/nothing/of/the/kind");
    String meters = server.get("/metrics").body();
    assertTrue(
        meters.matches(
            "(?s).*scanformer_server_requests_seconds_count\\{method=\"POST\",protocol=\"http\","
                + "route=\"/v1/locate\",status=\"200\"} [1-9].*"),
        meters);
    assertTrue(meters.contains("route=\"none\",status=\"404\""), meters);
    assertTrue(
        meters.contains("scanformer_call_seconds_count{deadline=\"met\",model=\"shapes\""), meters);
    assertTrue(meters.contains("scanformer_server_requests_active"), meters);
  }
}
