//! `strftime_now` on a moment that the caller gives, so that prompts can be reproduced.

use super::value::{Result, error};

/// A moment in local time, laid out as C passes it.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Time {
    pub unix_seconds: i64,
    pub year: i32,
    pub month: i32,
    pub day: i32,
    pub hour: i32,
    pub minute: i32,
    pub second: i32,
    pub microsecond: i32,
}

const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

impl Time {
    fn leap(year: i64) -> bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    /// The day of the year, from 0.
    fn year_day(&self) -> i64 {
        let month = (self.month.clamp(1, 12) - 1) as usize;
        let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334][month];
        before + i64::from(self.day) - 1 + i64::from(month > 1 && Time::leap(self.year.into()))
    }

    /// The day of the week, from Sunday.
    fn week_day(&self) -> i64 {
        let year = i64::from(self.year) - 1;
        let leaps = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
        (year + leaps + self.year_day() + 1).rem_euclid(7)
    }

    /// The ISO 8601 year and week.
    fn iso_week(&self) -> (i64, i64) {
        let weeks = |year: i64| {
            let last =
                |year: i64| (year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400)).rem_euclid(7);
            if last(year) == 4 || last(year - 1) == 3 { 53 } else { 52 }
        };
        let year = i64::from(self.year);
        let week = (self.year_day() + 10 - (self.week_day() + 6) % 7) / 7;
        match week {
            0 => (year - 1, weeks(year - 1)),
            week if week > weeks(year) => (year + 1, 1),
            week => (year, week),
        }
    }

    /// Formats the moment as Python's `datetime.strftime` does in the C locale.
    ///
    /// # Errors
    /// Fails on moments that do not exist.
    pub fn format(&self, format: &str) -> Result<String> {
        if !(1..=12).contains(&self.month) || !(1..=31).contains(&self.day) {
            return Err(error("no such day"));
        }
        let mut out = String::with_capacity(format.len() * 2);
        let mut chars = format.chars();
        while let Some(c) = chars.next() {
            if c != '%' {
                out.push(c);
                continue;
            }
            let rest = chars.as_str();
            let flag = rest.chars().next().filter(|c| "-_0^#".contains(*c));
            if flag.is_some() {
                chars.next();
            }
            match chars.next() {
                Some(directive) => match self.directive(directive, flag) {
                    Some(text) => out.push_str(&text),
                    None => {
                        out.push('%');
                        out.extend(flag);
                        out.push(directive);
                    }
                },
                None => {
                    out.push('%');
                    out.extend(flag);
                }
            }
        }
        Ok(out)
    }

    fn directive(&self, directive: char, flag: Option<char>) -> Option<String> {
        let number = |value: i64, width: usize, fill: char| {
            Some(match flag {
                Some('-') => value.to_string(),
                Some('_') => format!("{value:>width$}"),
                Some('0') => format!("{value:0>width$}"),
                _ if fill == ' ' => format!("{value:>width$}"),
                _ => format!("{value:0>width$}"),
            })
        };
        let text = |text: &str| Some(if flag == Some('^') { text.to_uppercase() } else { text.to_string() });
        let (hour, week_day, year_day) = (i64::from(self.hour), self.week_day(), self.year_day());
        let twelve = (hour + 11) % 12 + 1;
        let half = if hour < 12 { "AM" } else { "PM" };
        match directive {
            'a' => text(&DAYS[week_day as usize][..3]),
            'A' => text(DAYS[week_day as usize]),
            'b' | 'h' => text(&MONTHS[self.month as usize - 1][..3]),
            'B' => text(MONTHS[self.month as usize - 1]),
            'c' => text(&self.format("%a %b %e %H:%M:%S %Y").ok()?),
            'C' => number(i64::from(self.year) / 100, 2, '0'),
            'd' => number(self.day.into(), 2, '0'),
            'D' | 'x' => self.format("%m/%d/%y").ok(),
            'e' => number(self.day.into(), 2, ' '),
            'f' => Some(format!("{:06}", self.microsecond)),
            'F' => self.format("%Y-%m-%d").ok(),
            'g' => number(self.iso_week().0 % 100, 2, '0'),
            'G' => number(self.iso_week().0, 4, '0'),
            'H' => number(hour, 2, '0'),
            'I' => number(twelve, 2, '0'),
            'j' => number(year_day + 1, 3, '0'),
            'k' => number(hour, 2, ' '),
            'l' => number(twelve, 2, ' '),
            'm' => number(self.month.into(), 2, '0'),
            'M' => number(self.minute.into(), 2, '0'),
            'n' => Some("\n".to_string()),
            'p' if flag == Some('#') => Some(half.to_lowercase()),
            'p' => text(half),
            'P' => Some(half.to_lowercase()),
            'r' => self.format("%I:%M:%S %p").ok(),
            'R' => self.format("%H:%M").ok(),
            's' => Some(self.unix_seconds.to_string()),
            'S' => number(self.second.into(), 2, '0'),
            't' => Some("\t".to_string()),
            'T' | 'X' => self.format("%H:%M:%S").ok(),
            'u' => number((week_day + 6) % 7 + 1, 1, '0'),
            'U' => number((year_day + 7 - week_day) / 7, 2, '0'),
            'V' => number(self.iso_week().1, 2, '0'),
            'w' => number(week_day, 1, '0'),
            'W' => number((year_day + 7 - (week_day + 6) % 7) / 7, 2, '0'),
            'y' => number(i64::from(self.year).rem_euclid(100), 2, '0'),
            // Python's own width is 4 only where the C library pads years; glibc does not.
            'Y' => number(self.year.into(), 1, '0'),
            // A moment without a time zone, as datetime.now() is.
            'z' | 'Z' => Some(String::new()),
            '%' => Some("%".to_string()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(year: i32, month: i32, day: i32, hour: i32) -> Time {
        Time { year, month, day, hour, minute: 5, second: 9, microsecond: 42, unix_seconds: 7 }
    }

    #[test]
    fn directives() {
        let at = time(2025, 7, 10, 12);
        assert_eq!(at.format("%d %b %Y %A %H:%M:%S %j").unwrap(), "10 Jul 2025 Thursday 12:05:09 191");
        assert_eq!(
            at.format("%-d|%e|%I %p|%y|%w|%u|%U|%W|%V|%G|%f|%%|%Q|%z|%").unwrap(),
            "10|10|12 PM|25|4|4|27|27|28|2025|000042|%|%Q||%"
        );
        assert_eq!(
            time(2024, 2, 29, 0).format("%j %a %I%p %x %X %c").unwrap(),
            "060 Thu 12AM 02/29/24 00:05:09 Thu Feb 29 00:05:09 2024"
        );
        assert_eq!(time(2021, 1, 3, 1).format("%G-W%V-%u %-m %_d %^a").unwrap(), "2020-W53-7 1  3 SUN");
    }
}
