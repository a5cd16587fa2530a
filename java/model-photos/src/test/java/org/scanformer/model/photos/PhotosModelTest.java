package org.scanformer.model.photos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.scanformer.Box;
import org.scanformer.ErrorCode;
import org.scanformer.Image;
import org.scanformer.Location;
import org.scanformer.Models;
import org.scanformer.NormalizedBox;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerException;

/** The model in its jar. Its card says how good it is; here is the demo's photograph alone. */
class PhotosModelTest {
  @Test
  void answersWithAScoreAndKnowsCommonWords() {
    BufferedImage picture = new BufferedImage(320, 200, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = picture.createGraphics();
    graphics.setPaint(Color.GREEN);
    graphics.fillRect(100, 80, 60, 100);
    graphics.dispose();
    try (ScanFormer model = ScanFormer.load(Models.PHOTOS)) {
      Location found =
          model.locate(Image.of(picture), "a man in a red shirt on the left of a brown dog");
      assertEquals(List.of(), found.unknownWords());
      assertTrue(found.score() > 0 && found.score() < 1, "score " + found.score());
      assertTrue(found.box().width() > 0 && found.box().height() > 0, found.box().toString());
    }
  }

  @Test
  void findsTheManOfTheDemosPhotograph() {
    Path demo = Path.of("..", "cli", "src", "demo");
    NormalizedBox man = NormalizedBox.of(new Box(0, 63, 330, 449), 512, 512); // by eye
    try (ScanFormer model = ScanFormer.load(Models.PHOTOS)) {
      Location found =
          model.locate(Image.read(demo.resolve("photograph.jpg")), "a man in a black coat");
      double fit = found.normalizedBox().intersectionOverUnion(man);
      assertTrue(fit >= 0.5, "IoU " + fit + " of " + found.box());
    }
  }

  @Test
  void besideAnotherModelOneOfThemIsToBeNamed() {
    ScanFormerException several = assertThrows(ScanFormerException.class, ScanFormer::load);
    assertEquals(ErrorCode.BAD_MODEL, several.code());
    for (String words :
        List.of(
            "[scanformer-model-photos, scanformer-model-shapes]",
            "ScanFormer.load(Models.PHOTOS)",
            "ScanFormer.load(Models.SHAPES)")) {
      assertTrue(several.getMessage().contains(words), several.getMessage());
    }
    try (ScanFormer photos = ScanFormer.load(Models.PHOTOS);
        ScanFormer shapes = ScanFormer.load(Models.SHAPES)) {
      assertNotEquals(shapes.config().get("vocab_size"), photos.config().get("vocab_size"));
    }
  }

  @Test
  void theTermsOfItsWeightsAreBesideThem() throws Exception {
    String file = "/META-INF/licenses/scanformer-model-photos/TERMS.txt";
    try (InputStream in = PhotosModel.class.getResourceAsStream(file)) {
      String terms = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(terms.contains("non-commercial research and education only"), terms);
    }
  }
}
