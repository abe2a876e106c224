/// The light a figure is drawn for; see [`Figure::theme`](crate::Figure::theme).
///
/// ```
/// use minutia_viz::{Figure, LineChart, Theme};
/// let figure = Figure::new(LineChart::new("x", "y")).theme(Theme::Dark);
/// assert!(figure.to_svg().contains("#16181d"));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Dark ink on white paper.
    #[default]
    Light,
    /// Light ink on dark paper, for screens.
    Dark,
}

/// A colour, which may be another one in a dark theme.
///
/// ```
/// use minutia_viz::Color;
/// let brand = Color::rgb([0x80, 0, 0x80]);
/// assert_ne!(brand, Color::INK);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color {
    light: [u8; 3],
    dark: [u8; 3],
}

impl Color {
    /// Axes and text.
    pub const INK: Color = Color::pair([0x22; 3], [0xe6; 3]);
    /// What should step back.
    pub const FAINT: Color = Color::pair([0x66; 3], [0xa8; 3]);
    /// Lines that only guide the eye.
    pub const GRID: Color = Color::pair([0xe6; 3], [0x33, 0x37, 0x3e]);
    /// The background of the figure.
    pub const PAPER: Color = Color::pair([0xff; 3], [0x16, 0x18, 0x1d]);

    /// The same colour in every theme: red, green and blue.
    #[must_use]
    pub const fn rgb(rgb: [u8; 3]) -> Color {
        Color::pair(rgb, rgb)
    }

    /// A colour for a light and one for a dark theme.
    ///
    /// ```
    /// use minutia_viz::Color;
    /// assert_eq!(Color::pair([1, 2, 3], [1, 2, 3]), Color::rgb([1, 2, 3]));
    /// ```
    #[must_use]
    pub const fn pair(light: [u8; 3], dark: [u8; 3]) -> Color {
        Color { light, dark }
    }

    /// The colour of the `index`-th series, from 0; after seven they repeat. The colour-blind can tell them
    /// apart (Okabe and Ito, 2008).
    ///
    /// ```
    /// use minutia_viz::Color;
    /// assert!(Color::series(0) != Color::series(1) && Color::series(0) == Color::series(7));
    /// ```
    #[must_use]
    pub const fn series(index: usize) -> Color {
        PALETTE[index % PALETTE.len()]
    }

    pub(crate) fn rgb_in(self, theme: Theme) -> [u8; 3] {
        if theme == Theme::Dark { self.dark } else { self.light }
    }

    /// The colour in a theme, as CSS has it.
    ///
    /// ```
    /// use minutia_viz::{Color, Theme};
    /// assert_eq!(Color::rgb([255, 0, 128]).css(Theme::Light), "#ff0080");
    /// ```
    #[must_use]
    pub fn css(self, theme: Theme) -> String {
        let [r, g, b] = self.rgb_in(theme);
        format!("#{r:02x}{g:02x}{b:02x}")
    }
}

/// Colours of lines; the darker ones are lightened for dark paper.
pub(crate) const PALETTE: [Color; 7] = [
    Color::pair([0x00, 0x72, 0xb2], [0x3d, 0xa5, 0xe6]),
    Color::pair([0xd5, 0x5e, 0x00], [0xf0, 0x7f, 0x2a]),
    Color::pair([0x00, 0x9e, 0x73], [0x1f, 0xc4, 0x95]),
    Color::pair([0xcc, 0x79, 0xa7], [0xdd, 0x8f, 0xbb]),
    Color::pair([0xe6, 0x9f, 0x00], [0xf2, 0xc1, 0x4e]),
    Color::pair([0x56, 0xb4, 0xe9], [0xa8, 0xdc, 0xf7]),
    Color::pair([0x55; 3], [0xb5; 3]),
];
