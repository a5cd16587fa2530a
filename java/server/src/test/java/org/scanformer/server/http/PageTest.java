package org.scanformer.server.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.logging.Level;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.openqa.selenium.By;
import org.openqa.selenium.Dimension;
import org.openqa.selenium.JavascriptExecutor;
import org.openqa.selenium.Keys;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogType;
import org.scanformer.server.Fixture;

/**
 * Clicks through the page in headless Chromium, with its screenshots under target/page. Skipped
 * where there is no Chromium with its driver (on Debian: chromium and chromium-driver).
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class PageTest {
  private static final Path SCREENSHOTS = Path.of("target", "page");
  private static final Path DRIVER = Path.of("/usr/bin/chromedriver");
  private static final Path BROWSER = Path.of("/usr/bin/chromium");

  private static Fixture server;
  private static ChromeDriver browser;

  @BeforeAll
  static void start() throws Exception {
    assumeTrue(
        Files.isExecutable(DRIVER) && Files.isExecutable(BROWSER),
        "the page is not tested: " + BROWSER + " or " + DRIVER + " is missing");
    Files.createDirectories(SCREENSHOTS);
    server = Fixture.start();
    ChromeOptions options = new ChromeOptions();
    options.setBinary(BROWSER.toFile());
    options.addArguments(
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-proxy-server",
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        "--window-size=1100,1000");
    browser =
        new ChromeDriver(
            new ChromeDriverService.Builder()
                .usingDriverExecutable(new File(DRIVER.toString()))
                .build(),
            options);
    browser.manage().timeouts().implicitlyWait(Duration.ofSeconds(20));
    browser.get("http://localhost:" + server.server().httpPort() + "/");
  }

  @AfterAll
  static void stop() {
    if (browser != null) {
      browser.quit();
    }
    if (server != null) {
      server.close();
    }
  }

  private static WebElement byId(String id) {
    return browser.findElement(By.id(id));
  }

  private static Object script(String code) {
    return ((JavascriptExecutor) browser).executeScript(code);
  }

  private static void waitForStatus(String beginning) throws Exception {
    String text = "";
    for (int i = 0; i < 400; i++) {
      text = byId("status").getText();
      if (text.startsWith(beginning)) {
        return;
      }
      Thread.sleep(50);
    }
    throw new AssertionError("expected " + beginning + ", found " + text);
  }

  private static void shoot(String name) throws Exception {
    Files.write(SCREENSHOTS.resolve(name), browser.getScreenshotAs(OutputType.BYTES));
  }

  /** How many pixels of the picture have about a colour of the boxes. */
  private static long colored(int red, int green, int blue) {
    return (Long)
        script(
            """
            const c = document.getElementById('picture');
            const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
            const near = (i) => [%d, %d, %d].every((v, k) => Math.abs(d[i + k] - v) < 40);
            let n = 0;
            for (let i = 0; i < d.length; i += 4) n += near(i);
            return n;
            """
                .formatted(red, green, blue));
  }

  @Test
  @Order(1)
  void findsWhatIsAskedFor() throws Exception {
    byId("file").sendKeys(Fixture.SCENE.toAbsolutePath().normalize().toString());
    waitForStatus("Picture of");
    // The expression has the focus.
    browser.switchTo().activeElement().sendKeys(Fixture.TEXT, Keys.ENTER);
    waitForStatus("Found (score 0.");
    assertTrue(byId("status").getText().contains(Fixture.TEXT));
    assertEquals(3, browser.findElements(By.cssSelector("#legend li")).size());
    assertTrue(colored(255, 48, 48) > 20, "red");
    // The green box may lie under it to the pixel.
    assertTrue(colored(50, 110, 255) > 20, "blue");
    assertFalse(byId("token-row").isDisplayed(), "no token is asked for");
    assertFalse(byId("model-row").isDisplayed(), "there is one model");
    shoot("found.png");
  }

  @Test
  @Order(2)
  void showsWhatWasLookedAt() throws Exception {
    byId("boxes").sendKeys(Keys.SPACE);
    assertEquals(0, colored(255, 48, 48));
    String before = (String) script("return document.getElementById('picture').toDataURL()");
    byId("looked").sendKeys(Keys.SPACE);
    String after = (String) script("return document.getElementById('picture').toDataURL()");
    assertFalse(before.equals(after));
    shoot("looked-at.png");
    byId("looked").click();
    byId("boxes").click();
  }

  @Test
  @Order(3)
  void tellsUnknownWordsAndKeepsAHistory() throws Exception {
    browser.findElement(By.tagName("body")).sendKeys("/");
    WebElement text = browser.switchTo().activeElement();
    assertEquals("text", text.getDomAttribute("id"));
    text.clear();
    text.sendKeys("the purple zebra", Keys.ENTER);
    for (int i = 0; i < 400 && !byId("words").isDisplayed(); i++) {
      Thread.sleep(50);
    }
    assertTrue(byId("words").getText().contains("zebra"), byId("words").getText());
    List<WebElement> history = browser.findElements(By.cssSelector("#history button"));
    assertEquals(2, history.size());
    history.get(1).sendKeys(Keys.ENTER);
    waitForStatus("Found");
    assertEquals(Fixture.TEXT, byId("text").getDomProperty("value"));
    shoot("history.png");
  }

  @Test
  @Order(4)
  void takesAPictureWithTheCamera() throws Exception {
    byId("camera").click();
    for (int i = 0; i < 400 && !hasFrame(); i++) {
      Thread.sleep(50);
    }
    byId("shoot").click();
    waitForStatus("Picture of 640 × 480");
    assertFalse(byId("live").isDisplayed());
  }

  private static boolean hasFrame() {
    return Boolean.TRUE.equals(script("return document.getElementById('video').videoWidth > 0"));
  }

  @Test
  @Order(5)
  void fitsAPhone() throws Exception {
    browser.manage().window().setSize(new Dimension(500, 900));
    script("document.body.style.width = '360px'; document.body.style.margin = '0';");
    long overflow =
        (Long)
            script(
                "return Math.max(...[...document.querySelectorAll('body *')].map("
                    + "e => Math.ceil(e.getBoundingClientRect().right)));");
    assertTrue(overflow <= 360, "something reaches to " + overflow + " of 360 pixels");
    shoot("phone.png");
    browser.manage().window().setSize(new Dimension(1100, 1000));
    script("document.body.style.width = ''; document.body.style.margin = '';");
  }

  @Test
  @Order(6)
  void everyControlHasANameAndEnoughContrast() {
    Object nameless =
        script(
            "return [...document.querySelectorAll('button, input, select, video, canvas')]"
                + ".filter(e => !e.closest('[aria-hidden]') && !e.hasAttribute('aria-hidden'))"
                + ".filter(e => !(e.labels && e.labels.length) && !e.getAttribute('aria-label')"
                + " && !e.textContent.trim()).map(e => e.outerHTML);");
    assertEquals(List.of(), nameless);
    Object faint =
        script(
            """
            const parse = (text) => text.match(/[\\d.]+/g).map(Number);
            const light = (rgb) => rgb.slice(0, 3).map((v) => v / 255)
              .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
              .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
            const back = (e) => {
              for (; e; e = e.parentElement) {
                const c = parse(getComputedStyle(e).backgroundColor);
                if (c.length === 3 || c[3] > 0) return c;
              }
              return [255, 255, 255];
            };
            return [...document.querySelectorAll('p, h1, h2, label, button, a, li, input')]
              .filter((e) => e.offsetParent)
              .filter((e) => {
                const a = light(parse(getComputedStyle(e).color));
                const b = light(back(e));
                return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5;
              }).map((e) => e.outerHTML);
            """);
    assertEquals(List.of(), faint);
  }

  @Test
  @Order(7)
  void nothingIsLoadedFromElsewhereAndNothingIsWrong() {
    assertEquals(
        List.of(),
        browser.manage().logs().get(LogType.BROWSER).getAll().stream()
            .filter(entry -> entry.getLevel().intValue() >= Level.SEVERE.intValue())
            .map(Object::toString)
            .toList());
    Object origins =
        script(
            "return [...new Set(performance.getEntriesByType('resource')"
                + ".map(e => new URL(e.name).origin).filter(o => o !== location.origin"
                + " && o !== 'null'))];");
    assertEquals(List.of(), origins);
  }
}
