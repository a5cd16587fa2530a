package org.scanformer.datasets;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Groups of categories: COCO's supercategories with its eighty names, the types of Flickr30k
 * Entities, and frequent nouns of expressions. Where the two name the same, it is one group:
 * people, animals, vehicles. No state.
 */
public final class CategoryGroups {
  /** The group of all names for people. */
  public static final String PEOPLE = "people";

  private static final Map<String, String> BY_NAME = new HashMap<>();

  static {
    for (String line : groups().split("\n")) {
      int colon = line.indexOf(':');
      String group = line.substring(0, colon);
      BY_NAME.put(group, group);
      for (String name : line.substring(colon + 1).split(",")) {
        BY_NAME.put(name.strip(), group);
      }
    }
  }

  private CategoryGroups() {}

  private static String groups() {
    return """
        people: adult, babies, someone, others, team
        clothing: clothes, shirt, shorts, pants, jeans, trunks, uniform, jacket, coat, vest, sweater,\
         suit, dress, skirt, costume, outfit, jersey, wetsuit, hat, cap, helmet, scarf, collar,\
         sunglasses, glasses, shoe, glove
        body parts: bodyparts, body part, arm, hand, leg, foot, feet, head, face, hair, mouth, tongue
        animals: animal, bird, cat, dog, puppy, puppies, horse, sheep, cow, elephant, bear, zebra, giraffe
        vehicles: vehicle, bicycle, bike, car, motorcycle, airplane, bus, train, truck, boat, kayak, cart
        scene: water, grass, snow, field, beach, sand, street, road, sidewalk, path, trail, track, pool,\
         ocean, lake, river, wave, mountain, hill, cliff, rock, sky, tree, leaves, flower, dirt, floor,\
         area, park, yard, shore, building, house, wall, fence, bridge, dock
        instruments: instrument, musical instrument, guitar
        accessory: backpack, umbrella, handbag, bag, tie, suitcase
        outdoor: traffic light, fire hydrant, stop sign, street sign, sign, parking meter, bench
        sports: frisbee, skis, snowboard, sports ball, ball, football, basketball, kite, baseball bat,\
         bat, baseball glove, skateboard, surfboard, tennis racket, sled, trampoline
        kitchen: bottle, plate, wine glass, cup, fork, knife, spoon, bowl
        food: banana, apple, sandwich, orange, broccoli, carrot, hot dog, pizza, donut, cake
        furniture: chair, couch, potted plant, bed, mirror, dining table, table, window, desk, toilet, door
        electronic: tv, laptop, mouse, remote, keyboard, cell phone, cellphone, camera
        appliance: microwave, oven, toaster, sink, refrigerator, blender
        indoor: book, clock, vase, scissors, teddy bear, hair drier, toothbrush
        other: object, something, thing, one, gear, toy, stick, top, ramp, rope, pole, railing, rail,\
         leash, board, slide, swing, steps, stairs, fountain
        """;
  }

  /**
   * The group of a category.
   *
   * @param category its name, singular or plural, in any case; may be null
   * @return null if it is in none
   */
  public static String of(String category) {
    if (category == null) {
      return null;
    }
    String name = category.toLowerCase(Locale.ROOT).replace('_', ' ').strip();
    String group = group(name);
    return group != null || !name.endsWith("s")
        ? group
        : group(name.substring(0, name.length() - 1));
  }

  private static String group(String name) {
    return PeopleWords.contains(name) ? PEOPLE : BY_NAME.get(name);
  }
}
