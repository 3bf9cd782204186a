//! Plots, as SVG.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::statistics::{Spread, number};

/// A picture with a name.
#[derive(Debug)]
pub struct Plot {
    /// The file's name, without its ending.
    pub name: String,
    /// What it shows.
    pub title: String,
    /// The picture.
    pub svg: String,
}

impl Plot {
    /// It, in Markdown, for a page of a section.
    #[must_use]
    pub fn image(&self) -> String {
        format!("![{}](plots/{}.svg)\n\n", self.title, self.name)
    }
}

/// Bars in groups: one for each series, as high as its median, with its quartiles.
#[derive(Debug)]
pub struct Bars {
    /// What the picture shows.
    pub title: String,
    /// What the bars count: `calls per second`.
    pub unit: String,
    /// What the bars in a group are, in their order.
    pub series: Vec<String>,
    /// What the groups are, and their bars.
    pub groups: Vec<(String, Vec<Spread>)>,
}

const WIDTH: u32 = 860;
const HEIGHT: u32 = 380;

/// Told apart by people who see colours otherwise, too: Okabe and Ito's.
const COLOURS: [RGBColor; 6] = [
    RGBColor(0x99, 0x99, 0x99),
    RGBColor(0x56, 0xb4, 0xe9),
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0x00, 0x9e, 0x73),
];

const TEXT: RGBColor = RGBColor(0x24, 0x29, 0x2f);

impl Bars {
    /// Draws them.
    ///
    /// # Panics
    ///
    /// Where a group has more bars than there are series.
    #[must_use]
    pub fn draw(&self, name: &str) -> Plot {
        let mut svg = String::new();
        self.draw_into(&mut svg).expect("a string has room");
        Plot {
            name: name.to_owned(),
            title: format!("{}: {}", self.title, self.unit),
            svg,
        }
    }

    fn draw_into(&self, svg: &mut String) -> Result<(), Box<dyn std::error::Error>> {
        let root = SVGBackend::with_string(svg, (WIDTH, HEIGHT)).into_drawing_area();
        root.fill(&WHITE)?;
        let highest = self.groups.iter().flat_map(|(_, bars)| bars);
        let highest = highest.map(|bar| bar.high).fold(0.0, f64::max);
        // Room for what is written above the highest.
        let top = if highest > 0.0 { highest * 1.12 } else { 1.0 };
        let font = |size: u32| ("sans-serif", size).into_font().color(&TEXT);

        let mut chart = ChartBuilder::on(&root)
            .caption(&self.title, font(18))
            .margin(12)
            .x_label_area_size(54)
            .y_label_area_size(76)
            .build_cartesian_2d(0.0..self.groups.len() as f64, 0.0..top)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .x_labels(0)
            .y_labels(6)
            .y_desc(&self.unit)
            .axis_desc_style(font(13))
            .label_style(font(12))
            .y_label_formatter(&|value| number(*value))
            .light_line_style(TRANSPARENT)
            .draw()?;

        let width = 0.8 / self.series.len() as f64;
        for (index, name) in self.series.iter().enumerate() {
            let colour = COLOURS[index % COLOURS.len()];
            let bars = self
                .groups
                .iter()
                .enumerate()
                .filter_map(|(group, (_, bars))| {
                    let left = group as f64 + 0.1 + width * index as f64;
                    Some((left, bars.get(index)?))
                });
            let bars: Vec<(f64, &Spread)> = bars.collect();
            chart
                .draw_series(bars.iter().map(|(left, bar)| {
                    let corners = [
                        (left + width * 0.06, 0.0),
                        (left + width * 0.94, bar.median),
                    ];
                    Rectangle::new(corners, colour.filled())
                }))?
                .label(name)
                .legend(move |(x, y)| {
                    Rectangle::new([(x, y - 5), (x + 12, y + 5)], colour.filled())
                });
            chart.draw_series(bars.iter().map(|(left, bar)| {
                let middle = left + width / 2.0;
                PathElement::new([(middle, bar.low), (middle, bar.high)], TEXT)
            }))?;
            chart.draw_series(bars.iter().map(|(left, bar)| {
                let above = font(10).pos(Pos::new(HPos::Center, VPos::Bottom));
                let place = (left + width / 2.0, bar.high + top * 0.008);
                Text::new(number(bar.median), place, above)
            }))?;
        }
        let (_, plotted) = (
            chart.plotting_area().get_x_axis_pixel_range(),
            chart.plotting_area(),
        );
        let below = font(12).pos(Pos::new(HPos::Center, VPos::Top));
        for (group, (label, _)) in self.groups.iter().enumerate() {
            let (x, y) = plotted.map_coordinate(&(group as f64 + 0.5, 0.0));
            root.draw(&Text::new(label.clone(), (x, y + 8), below.clone()))?;
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .background_style(WHITE.mix(0.85))
            .border_style(TRANSPARENT)
            .label_font(font(12))
            .draw()?;
        root.present()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_bars_and_names_are_in_the_picture() {
        let bar = |median: f64| Spread {
            median,
            low: median * 0.9,
            high: median * 1.1,
        };
        let bars = Bars {
            title: "A title".to_owned(),
            unit: "things".to_owned(),
            series: vec!["one".to_owned(), "two".to_owned()],
            groups: vec![
                ("here".to_owned(), vec![bar(1_234.0), bar(2.0)]),
                ("there".to_owned(), vec![bar(3.0)]),
            ],
        };
        let plot = bars.draw("name");
        for text in [
            "A title", "things", "one", "two", "here", "there", "1,234", "3.00",
        ] {
            assert!(plot.svg.contains(text), "{text}: {}", plot.svg);
        }
    }
}
