package org.scanformer.cli;

import java.awt.Dimension;
import java.awt.Graphics;
import java.awt.GraphicsEnvironment;
import java.awt.event.WindowAdapter;
import java.awt.event.WindowEvent;
import java.awt.image.BufferedImage;
import java.lang.reflect.InvocationTargetException;
import javax.swing.JComponent;
import javax.swing.JFrame;
import javax.swing.SwingUtilities;

/** A window that shows pictures, one after another. */
final class FrameWindow implements AutoCloseable {
  private final Canvas canvas = new Canvas();
  private JFrame window;

  /**
   * Opens a window when there is a picture.
   *
   * @param onClose what is done when the user closes it
   * @throws CliException where there is no display
   */
  FrameWindow(String title, Runnable onClose) {
    if (GraphicsEnvironment.isHeadless()) {
      throw new CliException("--show needs a display, and there is none: is DISPLAY set?");
    }
    try {
      SwingUtilities.invokeAndWait(() -> open(title, onClose));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (InvocationTargetException e) {
      throw new CliException("--show could not open a window: " + e.getCause());
    }
  }

  private void open(String title, Runnable onClose) {
    window = new JFrame(title);
    window.setDefaultCloseOperation(JFrame.DISPOSE_ON_CLOSE);
    window.addWindowListener(
        new WindowAdapter() {
          @Override
          public void windowClosing(WindowEvent event) {
            onClose.run();
          }
        });
    window.add(canvas);
  }

  /** Shows a picture, which must not be changed any more. */
  void show(BufferedImage picture) {
    SwingUtilities.invokeLater(
        () -> {
          canvas.picture = picture;
          if (!window.isVisible()) {
            canvas.setPreferredSize(new Dimension(picture.getWidth(), picture.getHeight()));
            window.pack();
            window.setVisible(true);
          }
          canvas.repaint();
        });
  }

  @Override
  public void close() {
    SwingUtilities.invokeLater(window::dispose);
  }

  /** Draws the picture over all of its area. */
  private static final class Canvas extends JComponent {
    private static final long serialVersionUID = 1L;

    private transient BufferedImage picture;

    @Override
    protected void paintComponent(Graphics graphics) {
      if (picture != null) {
        graphics.drawImage(picture, 0, 0, getWidth(), getHeight(), null);
      }
    }
  }
}
