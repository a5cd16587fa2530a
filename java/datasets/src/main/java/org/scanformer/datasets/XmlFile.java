package org.scanformer.datasets;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import javax.xml.parsers.SAXParserFactory;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.files.SystemMessages;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.SAXException;
import org.xml.sax.SAXParseException;
import org.xml.sax.helpers.DefaultHandler;

/**
 * Reads an annotation in XML. Document types are refused, and with them entities, which can read
 * other files or grow without bounds. No state.
 */
final class XmlFile {
  private static final int MAX_BYTES = 16 << 20;
  private static final String MAX_DEPTH = "64";
  private static final String NO_DOCUMENT_TYPE =
      "http://apache.org/xml/features/disallow-doctype-decl";

  private XmlFile() {}

  /**
   * The root of a file.
   *
   * @param name that the root must have
   * @throws ScanFormerException BAD_INPUT when the file is missing, is not XML, is hostile, or has
   *     another root
   */
  static Element read(Path file, String name) {
    byte[] bytes = DataFile.readAnyKind(file);
    if (bytes.length > MAX_BYTES) {
      throw error(file, bytes.length + " bytes found, expected at most " + MAX_BYTES, null);
    }
    return parsed(
        file,
        () -> {
          DocumentBuilder builder = factory().newDocumentBuilder();
          builder.setErrorHandler(new Refusing());
          Element root = builder.parse(new ByteArrayInputStream(bytes)).getDocumentElement();
          requireRoot(file, name, root.getTagName());
          return root;
        });
  }

  /**
   * Reads a file that may be large, element by element.
   *
   * @param handler is told of the elements; what it throws is passed on
   * @throws ScanFormerException BAD_INPUT when the file is missing, is not XML, or is hostile
   */
  static void stream(Path file, DefaultHandler handler) {
    byte[] bytes = DataFile.readAnyKind(file);
    parsed(
        file,
        () -> {
          SAXParserFactory factory = SAXParserFactory.newDefaultInstance();
          factory.setFeature(NO_DOCUMENT_TYPE, true);
          factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
          factory.newSAXParser().parse(new ByteArrayInputStream(bytes), handler);
          return null;
        });
  }

  /**
   * Refuses a file whose root has another name.
   *
   * @throws ScanFormerException BAD_INPUT
   */
  static void requireRoot(Path file, String name, String found) {
    if (!found.equals(name)) {
      throw error(file, "expected <" + name + ">, found <" + CsvFile.brief(found) + ">", null);
    }
  }

  /** What parses a file. */
  private interface Parsing<T> {
    T parse() throws SAXException, IOException, ParserConfigurationException;
  }

  private static <T> T parsed(Path file, Parsing<T> parsing) {
    try {
      return parsing.parse();
    } catch (SAXException e) {
      String line = e instanceof SAXParseException at ? " in line " + at.getLineNumber() : "";
      throw error(file, "not XML that can be read" + line + ": " + e.getMessage(), e);
    } catch (IOException e) {
      throw error(file, "could not be read: " + SystemMessages.reason(e), e);
    } catch (ParserConfigurationException e) {
      throw new IllegalStateException(e);
    }
  }

  private static DocumentBuilderFactory factory() throws ParserConfigurationException {
    DocumentBuilderFactory factory = DocumentBuilderFactory.newDefaultInstance();
    factory.setFeature(NO_DOCUMENT_TYPE, true);
    factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
    factory.setAttribute(XMLConstants.ACCESS_EXTERNAL_DTD, "");
    factory.setAttribute(XMLConstants.ACCESS_EXTERNAL_SCHEMA, "");
    // Reading the text of a tree is recursive.
    factory.setAttribute("http://www.oracle.com/xml/jaxp/properties/maxElementDepth", MAX_DEPTH);
    factory.setExpandEntityReferences(false);
    factory.setXIncludeAware(false);
    return factory;
  }

  /** Throws errors; the parser's own handler prints them first. */
  private static final class Refusing extends DefaultHandler {
    @Override
    public void error(SAXParseException e) throws SAXException {
      throw e;
    }
  }

  /** The direct children of a name; none for null. */
  static List<Element> children(Element parent, String name) {
    List<Element> children = new ArrayList<>();
    Node node = parent == null ? null : parent.getFirstChild();
    for (; node != null; node = node.getNextSibling()) {
      if (node instanceof Element element && element.getTagName().equals(name)) {
        children.add(element);
      }
    }
    return children;
  }

  /** The first direct child of a name, or null. */
  static Element child(Element parent, String name) {
    List<Element> children = children(parent, name);
    return children.isEmpty() ? null : children.get(0);
  }

  /** The text of the first direct child of a name, or "". */
  static String text(Element parent, String name) {
    Element child = child(parent, name);
    return child == null ? "" : child.getTextContent().strip();
  }

  private static ScanFormerException error(Path file, String message, Exception cause) {
    return new ScanFormerException(ErrorCode.BAD_INPUT, file + ": " + message, cause);
  }
}
