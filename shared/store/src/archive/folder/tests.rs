//! What is written, when, and what is deleted again.

use super::*;
use flate2::read::GzDecoder;
use std::io::Read;

const NOON: Timestamp = Timestamp::from_ms(1_763_812_800_000);

fn minute(n: u64) -> Timestamp {
    NOON + DurationMs::from_minutes(n)
}

fn keys(folder: &Path) -> Vec<String> {
    objects(folder).unwrap().into_iter().map(|kept| kept.key).collect()
}

/// All lines of all objects, in the order of the keys.
fn lines(folder: &Path) -> Vec<String> {
    let text_of = |key: String| {
        let mut text = String::new();
        let file = std::fs::File::open(folder.join(key)).unwrap();
        GzDecoder::new(file).read_to_string(&mut text).unwrap();
        assert!(text.ends_with('\n'), "a newline after each record");
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    keys(folder).into_iter().flat_map(text_of).collect()
}

#[test]
fn lines_are_kept_by_the_hour_of_their_arrival_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let archive = FolderArchive::open(folder.path(), Limits::default()).unwrap();
    archive.append(minute(0), b"one").unwrap();
    archive.append(minute(59), b"two\nthree").unwrap();
    assert!(keys(folder.path()).is_empty(), "what is small waits");
    archive.append(minute(60), b"four").unwrap();
    archive.flush().unwrap();
    archive.flush().unwrap();
    archive.append(minute(61), b"five").unwrap();
    archive.flush().unwrap();
    let found = keys(folder.path());
    let hours: Vec<&str> = found.iter().map(|key| key.rsplit_once('/').unwrap().0).collect();
    assert_eq!(hours, ["events/2025/11/22/12", "events/2025/11/22/13", "events/2025/11/22/13"]);
    assert_eq!(lines(folder.path()), ["one", "two", "three", "four", "five"]);
    assert_eq!(archive.written(), Written { objects: 3, lines: 5, lost_lines: 0 });
}

#[test]
fn an_object_is_written_when_it_is_full() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { object_bytes: 100, ..Limits::default() };
    let archive = FolderArchive::open(folder.path(), limits).unwrap();
    let wanted: Vec<String> = (0..50).map(|n| format!("line {n:04}")).collect();
    wanted.iter().for_each(|line| archive.append(minute(0), line.as_bytes()).unwrap());
    archive.flush().unwrap();
    assert_eq!(keys(folder.path()).len(), 5);
    assert_eq!(lines(folder.path()), wanted);
}

#[test]
fn a_later_life_goes_on_behind_the_earlier_even_when_its_clock_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut wanted = Vec::new();
    for (life, at) in [minute(500), minute(3), minute(3), minute(501)].into_iter().enumerate() {
        let archive = FolderArchive::open(folder.path(), Limits::default()).unwrap();
        for n in 0..3 {
            wanted.push(format!("life {life} line {n}"));
            archive.append(at, wanted.last().unwrap().as_bytes()).unwrap();
            archive.flush().unwrap();
        }
    }
    assert_eq!(lines(folder.path()), wanted);
}

#[test]
fn what_is_old_goes_and_what_is_not_ours_stays() {
    let folder = tempfile::tempdir().unwrap();
    let foreign = folder.path().join("events/2025/11/22/12/notes.gz");
    let archive = FolderArchive::open(folder.path(), Limits::default()).unwrap();
    for day in 0..40 {
        archive.append(NOON + DurationMs::from_days(day), b"line").unwrap();
        archive.flush().unwrap();
        if day == 0 {
            std::fs::write(&foreign, b"mine").unwrap();
        }
    }
    // 30 days before the newest, and the foreign file.
    assert_eq!(keys(folder.path()).len(), 31 + 1);
    assert!(foreign.exists() && !folder.path().join("events/2025/11/23").exists());
}

#[test]
fn what_is_too_much_goes_the_oldest_first() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { bytes: 100, ..Limits::default() };
    for n in 0..20 {
        // Also what an earlier life has written counts.
        let archive = FolderArchive::open(folder.path(), limits).unwrap();
        archive.append(minute(n), format!("line {n}").as_bytes()).unwrap();
        archive.flush().unwrap();
    }
    let left = lines(folder.path());
    assert!((2..=4).contains(&left.len()), "{left:?}");
    assert_eq!(left.last().unwrap(), "line 19");
}

#[test]
fn a_disk_that_takes_nothing_costs_no_line_until_too_much_waits() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("archive");
    let limits = Limits { waiting_bytes: 400, ..Limits::default() };
    let archive = FolderArchive::open(&place, limits).unwrap();
    // A file where the folder should be: nothing can be written.
    std::fs::write(&place, b"").unwrap();
    for n in 0..3 {
        // It is kept even when the object before it could not be written.
        let _ = archive.append(minute(n), format!("line {n}").as_bytes());
        assert!(archive.flush().unwrap_err().is_transient());
    }
    std::fs::remove_file(&place).unwrap();
    archive.flush().unwrap();
    assert_eq!(lines(&place), ["line 0", "line 1", "line 2"]);
    std::fs::remove_dir_all(&place).unwrap();
    std::fs::write(&place, b"").unwrap();
    for n in 3..33 {
        let _ = archive.append(minute(n), format!("line {n}").as_bytes());
        assert!(archive.flush().is_err());
    }
    std::fs::remove_file(&place).unwrap();
    archive.flush().unwrap();
    let left = lines(&place).len() as u64;
    assert_eq!(archive.written(), Written { objects: 3 + left, lines: 3 + left, lost_lines: 30 - left });
    assert!((5..20).contains(&left), "{left}");
}
