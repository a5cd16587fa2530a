package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.scanformer.reference.GoldenCase;

/** Models that no directory holds. The engine's tests have no bundled one. */
class ModelsTest {
  private record FromDirectory(Path directory) implements ModelProvider {
    @Override
    public String name() {
      return "test";
    }

    @Override
    public InputStream open(String file) throws IOException {
      return Files.newInputStream(directory.resolve(file));
    }
  }

  @Test
  void aProvidersModelIsThatOfItsFiles() throws Exception {
    Path directory = GoldenCase.all().get(0).modelDirectory();
    try (ScanFormer model = ScanFormer.load(new FromDirectory(directory));
        ScanFormer expected = ScanFormer.load(directory)) {
      assertEquals(expected.config(), model.config());
    }
    ScanFormerOptions options = ScanFormerOptions.defaults();
    assertEquals(
        ScanFormer.inspect(directory, options).parameters(),
        ScanFormer.inspect(new FromDirectory(directory), options).parameters());
  }

  @Test
  void aModelThatIsNotThereIsNamedWithItsArtifact() {
    Models.byName()
        .forEach(
            (name, model) -> {
              ScanFormerException missing =
                  assertThrows(ScanFormerException.class, () -> ScanFormer.load(model));
              assertEquals(ErrorCode.BAD_MODEL, missing.code());
              String artifact = "scanformer-model-" + name;
              assertTrue(
                  missing
                      .getMessage()
                      .startsWith(
                          "No bundled model "
                              + artifact
                              + " found: add org.scanformer:"
                              + artifact),
                  missing.getMessage());
            });
    ScanFormerException none = assertThrows(ScanFormerException.class, ScanFormer::load);
    assertTrue(none.getMessage().startsWith("No bundled model found"), none.getMessage());
    for (String name : Models.byName().keySet()) {
      assertTrue(none.getMessage().contains("scanformer-model-" + name), none.getMessage());
    }
  }

  @Test
  void modelsHaveNamesInOrder() {
    assertEquals(List.of("photos", "shapes"), List.copyOf(Models.byName().keySet()));
    assertSame(Models.PHOTOS, Models.byName().get("photos"));
    assertSame(Models.SHAPES, Models.byName().get("shapes"));
  }

  @Test
  void aFileThatIsMissingIsNamed() {
    ModelProvider empty = new FromDirectory(Path.of("no-such-directory"));
    ScanFormerException missing =
        assertThrows(ScanFormerException.class, () -> ScanFormer.load(empty));
    assertEquals(ErrorCode.BAD_MODEL, missing.code());
    assertTrue(missing.getCause() instanceof NoSuchFileException, missing.toString());
    assertTrue(missing.getMessage().contains("test could not be unpacked"), missing.getMessage());
  }
}
