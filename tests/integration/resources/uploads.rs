//! Uploads of files, and waiting until they are processed: against the emulator, and against what a network may do.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use letta_api_emulator::{Emulator, Fault, operations};
use letta_api_ext::folders::{FolderHandle, UploadFile};
use letta_api_ext::letta_api::FilePart;
use letta_api_ext::letta_api::types::{
    DuplicateFileHandling, FileProcessingStatus, ImportAgentBody, ImportAgentParams,
};
use letta_api_ext::{Error, Letta, RetryPolicy};
use letta_api_tests::emulated::{start, start_with};
use letta_api_tests::fault_server::{self, FaultServer};
use letta_api_tests::virtual_time::VirtualTime;
use letta_api_tests::{API_KEY, Tap, answer, configured, persistent, printed, split};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;

const FILE: &str = r#"{"source_id":"source-1","id":"file-1","processing_status":"parsing"}"#;

/// More than the buffers of two sockets and of the client hold.
const LONG: usize = 24 * 1024 * 1024;

async fn folder(letta: &Letta) -> FolderHandle {
    let create = letta.folders().create("notes");
    let made = create.embedding("openai/text-embedding-3-small").await;
    letta.folder(made.unwrap().id)
}

fn stored() -> Vec<u8> {
    answer("200 OK", "application/json", FILE)
}

/// A file of this machine, which is there as long as this is.
struct OnDisk(PathBuf);

impl OnDisk {
    fn new(name: &str, content: &[u8]) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::SeqCst);
        let own = format!("letta-uploads-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(own);
        std::fs::create_dir(&folder).unwrap();
        let path = folder.join(name);
        std::fs::write(&path, content).unwrap();
        Self(path)
    }
}

impl Drop for OnDisk {
    fn drop(&mut self) {
        let folder = self.0.parent().unwrap();
        let _ = std::fs::remove_dir_all(folder);
    }
}

type Told = Arc<Mutex<Vec<(u64, u64)>>>;

fn telling(told: &Told) -> impl FnMut(u64, u64) + Send + 'static {
    let told = told.clone();
    move |sent, total| told.lock().unwrap().push((sent, total))
}

#[tokio::test]
async fn a_file_is_uploaded_processed_and_read() {
    let (_emulator, letta) = start().await;
    let notes = folder(&letta).await;
    let file = notes.upload("milk.txt", "Buy milk.").await.unwrap();
    assert_eq!(file.processing_status, Some(FileProcessingStatus::Parsing));
    let handle = notes.file(&file.id);
    let ready = handle.wait_processed().await.unwrap();
    assert_eq!(
        ready.processing_status,
        Some(FileProcessingStatus::Completed)
    );
    assert_eq!((ready.id, ready.file_size), (file.id, Some(9)));
    let whole = handle.get().include_content(true).await.unwrap();
    assert_eq!(whole.content.as_deref(), Some("Buy milk."));

    let upload = notes.upload("x.bin", "a,b").media_type("text/csv");
    let file = upload.name("table.csv").wait_processed().await.unwrap();
    assert_eq!(file.original_file_name.as_deref(), Some("table.csv"));
}

#[tokio::test]
async fn a_file_of_this_machine_goes_out_as_it_is() {
    let (_emulator, letta) = start().await;
    let notes = folder(&letta).await;
    let content = "Grüße aus Köln. ".repeat(20_000);
    let on_disk = OnDisk::new("grüße.md", content.as_bytes());
    let told = Told::default();
    let upload = notes.upload_file(&on_disk.0).with_progress(telling(&told));
    let file = upload.wait_processed().await.unwrap();
    assert_eq!(file.original_file_name.as_deref(), Some("grüße.md"));
    let whole = notes.file(&file.id).get().include_content(true);
    assert_eq!(whole.await.unwrap().content, Some(content.clone()));
    check_progress(&told, content.len() as u64);

    let empty = OnDisk::new("empty.txt", b"");
    let file = notes.upload_file(&empty.0).wait_processed().await.unwrap();
    assert_eq!(file.file_size, Some(0));
}

/// Progress never goes back, takes small steps, and ends at the total.
fn check_progress(told: &Told, total: u64) {
    let told = told.lock().unwrap();
    assert!(told.iter().all(|(_, of)| *of == total), "{told:?}");
    let steps = told.iter().zip(told.iter().skip(1));
    for ((before, _), (after, _)) in steps {
        assert!(before <= after && after - before <= 64 * 1024, "{told:?}");
    }
    assert_eq!(told.last(), Some(&(total, total)));
    let at_the_end = told.iter().filter(|(sent, _)| *sent == total).count();
    assert!(total == 0 || at_the_end == 1, "{told:?}");
}

#[tokio::test]
async fn progress_ends_at_the_total() {
    for length in [0, 1, 65_536, 200_000] {
        let tap = Tap::start(stored()).await;
        let told = Told::default();
        let upload = tap.letta().folder("source-1");
        let upload = upload.upload("a.txt", vec![b'x'; length]);
        upload.with_progress(telling(&told)).await.unwrap();
        check_progress(&told, length as u64);
        // The length of the body stays known: not every service takes another.
        let request = tap.request();
        let (_, headers, body) = split(&request);
        let header = headers.iter().find(|(name, _)| name == "content-length");
        assert_eq!(header.unwrap().1, body.len().to_string());
        assert!(!headers.iter().any(|(name, _)| name == "transfer-encoding"));
    }
}

#[tokio::test]
async fn a_streamed_file_has_a_length_and_a_type() {
    let on_disk = OnDisk::new("a.json", b"{}");
    let tap = Tap::start(stored()).await;
    let folder = tap.letta().folder("source-1");
    folder.upload_file(&on_disk.0).await.unwrap();
    let request = tap.request();
    let (_, headers, body) = split(&request);
    let header = headers.iter().find(|(name, _)| name == "content-length");
    assert_eq!(header.unwrap().1, body.len().to_string());
    assert!(body.contains("filename=\"a.json\"\r\nContent-Type: application/json\r\n"));
}

#[tokio::test]
async fn a_name_that_is_there_is_handled_as_asked() {
    let (_emulator, letta) = start().await;
    let notes = folder(&letta).await;
    let upload = notes.upload("a.txt", "one");
    let first = upload.clone().await.unwrap();
    let second = upload.clone().await.unwrap();
    assert_eq!(second.file_name.as_deref(), Some("notes/a_(1).txt"));
    let skip = upload.clone();
    let skip = skip.duplicate_handling(DuplicateFileHandling::Skip).await;
    assert_eq!(skip.unwrap().id, first.id);
    let refuse = upload.duplicate_handling(DuplicateFileHandling::Error);
    let error = refuse.wait_processed().await.unwrap_err();
    assert_eq!(error.status().unwrap(), 400, "{error}");
    assert!(!error.may_have_happened(), "{error}");
    assert_eq!(error.file_id(), None);
}

#[tokio::test]
async fn a_file_that_cannot_be_processed_is_an_error_with_the_reason() {
    let (_emulator, letta) = start().await;
    let notes = folder(&letta).await;
    let upload = notes.upload("a.txt", "zero \0 byte").wait_processed();
    let error = upload.await.unwrap_err();
    assert!(error.is_file_failed(), "{error}");
    assert!(!error.is_timeout() && !error.is_retryable(), "{error}");
    assert!(error.may_have_happened(), "the file is in the folder");
    assert_eq!(error.operation(), Some("get_file"));
    assert_eq!(error.file_status(), Some("error"));
    let reason = "the text has a zero byte, so it cannot be stored";
    assert_eq!(error.message(), Some(reason));
    assert!(error.to_string().contains(reason), "{error}");
    // The file that it names is there.
    let file = notes.file(error.file_id().unwrap());
    assert_eq!(
        file.get().await.unwrap().processing_status,
        Some(FileProcessingStatus::Error)
    );
    let again = file.wait_processed().await.unwrap_err();
    assert!(again.is_file_failed(), "{again}");
}

#[tokio::test]
async fn the_reason_of_a_failure_shows_no_secret() {
    let file = format!(
        r#"{{"source_id":"source-1","id":"file-1","processing_status":"error","error_message":"bad key {API_KEY}"}}"#
    );
    let tap = Tap::start(answer("200 OK", "application/json", &file)).await;
    let handle = tap.letta().folder("source-1").file("file-1");
    let error = handle.wait_processed().await.unwrap_err();
    assert!(error.is_file_failed(), "{error}");
    assert!(!printed(&error).contains(API_KEY), "{error}");
    assert!(!format!("{error:?}").contains(API_KEY), "{error:?}");
    // Neither does one without a reason look like one.
    let file = r#"{"source_id":"source-1","id":"file-1","processing_status":"error"}"#;
    let tap = Tap::start(answer("200 OK", "application/json", file)).await;
    let handle = tap.letta().folder("source-1").file("file-1");
    let error = handle.wait_processed().await.unwrap_err();
    assert_eq!(error.message(), None);
    assert!(error.to_string().contains("gives no reason"), "{error}");
}

#[test]
fn a_request_prints_neither_name_nor_content() {
    let letta = Letta::builder().api_key(API_KEY).build().unwrap();
    let upload = letta.folder("source-1").upload("s3cret.txt", "s3cret");
    let printed = format!("{upload:?} {:?}", upload.clone().wait_processed());
    assert!(!printed.contains("s3cret"), "{printed}");
    assert!(!printed.contains(API_KEY), "{printed}");
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_before_anything_is_sent() {
    let tap = Tap::start(stored()).await;
    let folder = tap.letta().folder("source-1");
    let field = |error: Error| {
        assert!(error.is_invalid_input(), "{error}");
        assert!(!error.may_have_happened(), "{error}");
        error.field().unwrap()
    };
    let missing = folder.upload_file("/no/such/file.txt").await.unwrap_err();
    assert!(
        missing.to_string().contains("/no/such/file.txt"),
        "{missing}"
    );
    assert_eq!(field(missing), "path");
    let a_folder = folder.upload_file(std::env::temp_dir()).await;
    assert_eq!(field(a_folder.unwrap_err()), "path");
    for path in ["", "/", ".."] {
        assert_eq!(field(folder.upload_file(path).await.unwrap_err()), "path");
    }
    for name in ["", "  "] {
        assert_eq!(field(folder.upload(name, "x").await.unwrap_err()), "name");
        let renamed = folder.upload("a.txt", "x").name(name);
        assert_eq!(field(renamed.await.unwrap_err()), "name");
    }
    let split = folder.upload("a\r\nb", "x").await.unwrap_err();
    assert_eq!(field(split), "file");
    let media_type = folder.upload("a.txt", "x").media_type("no type\n");
    assert_eq!(field(media_type.await.unwrap_err()), "file");
    let elsewhere = tap.letta().folder("..").upload("a.txt", "x").await;
    assert_eq!(field(elsewhere.unwrap_err()), "folder_id");
    let never = folder.file("file-1").wait_processed();
    let never = never.with_limit(Duration::ZERO).await.unwrap_err();
    assert_eq!(field(never), "limit");
    let never = folder.upload("a.txt", "x").wait_processed();
    let never = never.with_limit(Duration::ZERO).await.unwrap_err();
    assert_eq!(field(never), "limit");
    let nowhere = folder.file("..").wait_processed().await.unwrap_err();
    assert_eq!(field(nowhere), "file_id");
    assert_eq!(tap.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn a_folder_or_a_file_that_is_not_there_is_not_found() {
    let (_emulator, letta) = start().await;
    let nowhere = letta.folder("source-00000000-0000-4000-8000-000000000000");
    let error = nowhere.upload("a.txt", "x").await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
    assert!(!error.may_have_happened(), "{error}");
    let notes = folder(&letta).await;
    let file = notes.file("file-00000000-0000-4000-8000-000000000000");
    let error = file.wait_processed().await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
}

#[tokio::test]
async fn a_connection_that_breaks_within_an_upload_has_stored_nothing() {
    let server = FaultServer::start([
        fault_server::Fault::ResetOnAccept,
        fault_server::Fault::Answer(stored()),
    ])
    .await;
    let folder = persistent(server.url()).folder("source-1");
    // It is sent again, since nobody can have got it whole.
    let told = Told::default();
    let upload = folder
        .upload("a.txt", vec![b'x'; LONG])
        .with_progress(telling(&told));
    upload.await.unwrap();
    assert_eq!(server.connections(), 2);
    let last = told.lock().unwrap().last().copied();
    assert_eq!(last, Some((LONG as u64, LONG as u64)));

    // Not if it is read while it is sent.
    let server = FaultServer::start([fault_server::Fault::ResetOnAccept]).await;
    let folder = persistent(server.url()).folder("source-1");
    let on_disk = OnDisk::new("a.txt", &vec![b'x'; LONG]);
    let error = folder.upload_file(&on_disk.0).await.unwrap_err();
    assert!(!error.may_have_happened(), "{error}");
    assert!(error.is_interrupted(), "{error}");
    assert_eq!((error.attempts(), server.connections()), (1, 1));
}

#[tokio::test]
async fn a_connection_that_breaks_after_an_upload_may_have_stored_it() {
    let server = FaultServer::start([fault_server::Fault::ResetAfterRequest]).await;
    let folder = persistent(server.url()).folder("source-1");
    let error = folder.upload("a.txt", "Buy milk.").await.unwrap_err();
    assert!(error.may_have_happened(), "{error}");
    assert_eq!((error.attempts(), server.connections()), (1, 1));
}

#[tokio::test]
async fn only_what_is_in_memory_is_sent_again() {
    let busy = b"HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let start = || {
        FaultServer::start([
            fault_server::Fault::Answer(busy.to_vec()),
            fault_server::Fault::Answer(stored()),
        ])
    };
    let server = start().await;
    let folder = persistent(server.url()).folder("source-1");
    folder.upload("a.txt", "x").await.unwrap();
    let bodies: Vec<_> = server.requests();
    assert_eq!(split(&bodies[0]).2, split(&bodies[1]).2);

    let server = start().await;
    let folder = persistent(server.url()).folder("source-1");
    let on_disk = OnDisk::new("a.txt", b"x");
    let error = folder.upload_file(&on_disk.0).await.unwrap_err();
    assert_eq!(error.status().unwrap(), 429, "{error}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_file_that_gets_shorter_while_it_is_sent_is_an_error_that_says_so() {
    let server = FaultServer::start([fault_server::Fault::Answer(stored())]).await;
    let folder = persistent(server.url()).folder("source-1");
    let on_disk = OnDisk::new("a.txt", &vec![b'x'; LONG]);
    let path = on_disk.0.clone();
    let upload = folder
        .upload_file(&on_disk.0)
        .with_progress(move |sent, _| {
            if sent > 0 {
                let file = std::fs::File::options().write(true).open(&path).unwrap();
                file.set_len(1).unwrap();
            }
        });
    let error = upload.await.unwrap_err();
    assert_eq!(error.field(), Some("path"), "{error}");
    assert!(error.to_string().contains("became shorter"), "{error}");
    assert!(!error.may_have_happened(), "{error}");
    assert_eq!(server.requests(), Vec::<String>::new());
}

/// A service that takes bodies slowly: every so often as much as this, and then answers at its own pace.
struct SlowServer {
    url: String,
    /// Bytes are under way, so time must stand.
    is_busy: Arc<AtomicBool>,
    /// What the client told of its upload.
    told: Told,
}

impl SlowServer {
    /// `None` never reads.
    async fn start(pause: Option<Duration>) -> Self {
        // By itself the buffer grows with what is sent. It could hold the rest of a body, and nothing would move at the
        // client while the server still reads.
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(64 * 1024).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let is_busy = Arc::new(AtomicBool::new(true));
        let told = Told::default();
        let server = Self {
            url,
            is_busy: is_busy.clone(),
            told: told.clone(),
        };
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let Some(pause) = pause else {
                is_busy.store(false, Ordering::SeqCst);
                std::future::pending::<()>().await;
                return;
            };
            until_it_moved(&told, 0).await;
            // The head and the form around the file are less than this.
            let mut left = LONG;
            let mut piece = vec![0; LONG / 4];
            while left > 0 {
                is_busy.store(false, Ordering::SeqCst);
                tokio::time::sleep(pause).await;
                is_busy.store(true, Ordering::SeqCst);
                let before = sent(&told);
                stream.read_exact(&mut piece).await.unwrap();
                left -= piece.len();
                // There is room now. The machine may take its time to tell the client.
                until_it_moved(&told, before).await;
            }
            is_busy.store(false, Ordering::SeqCst);
            tokio::time::sleep(pause).await;
            let _ = stream.write_all(&stored()).await;
            // Closed too early, what it has not read would reset the connection.
            let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
        });
        server
    }

    fn letta(&self) -> Letta {
        configured(&*self.url, |builder| builder.retry(RetryPolicy::never()))
    }

    /// An upload that is watched, so that time stands while it moves.
    fn upload(&self) -> UploadFile {
        let upload = self.letta().folder("source-1");
        let upload = upload.upload("a.txt", vec![b'x'; LONG]);
        upload.with_progress(telling(&self.told))
    }

    /// Moves time on while the call runs, but not while bytes are under way.
    async fn run<T: Send + 'static>(
        &self,
        time: &VirtualTime,
        call: impl Future<Output = T> + Send + 'static,
    ) -> (T, Duration) {
        let start = time.elapsed();
        let task = tokio::spawn(call);
        while !task.is_finished() {
            for _ in 0..20 {
                std::thread::sleep(Duration::from_micros(100));
                tokio::task::yield_now().await;
            }
            if !self.is_busy.load(Ordering::SeqCst) {
                time.advance(Duration::from_secs(1)).await;
            }
        }
        (task.await.unwrap(), time.elapsed() - start)
    }
}

/// How much the client has sent.
fn sent(told: &Told) -> u64 {
    told.lock().unwrap().last().map_or(0, |(sent, _)| *sent)
}

/// Waits until the client has sent more than this, or everything.
async fn until_it_moved(told: &Told, before: u64) {
    let start = std::time::Instant::now();
    while sent(told) <= before && sent(told) < LONG as u64 {
        assert!(start.elapsed() < Duration::from_secs(60), "it never moves");
        std::thread::sleep(Duration::from_micros(100));
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_upload_that_moves_is_not_cut_off() {
    let time = VirtualTime::stop();
    let server = SlowServer::start(Some(Duration::from_secs(45))).await;
    let upload = server.upload();
    let (file, took) = server.run(&time, upload.send()).await;
    assert_eq!(file.unwrap().id.as_str(), "file-1");
    assert!(took > Duration::from_secs(4 * 45), "{took:?}");
    check_progress(&server.told, LONG as u64);
}

#[tokio::test]
async fn an_upload_that_stands_still_is_given_up() {
    let time = VirtualTime::stop();
    let server = SlowServer::start(None).await;
    let folder = server.letta().folder("source-1");
    let upload = folder.upload("a.txt", vec![b'x'; LONG]);
    let (error, took) = server.run(&time, upload.send()).await;
    let error = error.unwrap_err();
    assert!(
        error.is_timeout() && !error.is_deadline_exceeded(),
        "{error}"
    );
    assert!(!error.may_have_happened(), "a part was not sent: {error}");
    let rule = "nothing moved for the 60s that an upload may stand still";
    assert!(error.to_string().contains(rule), "{error}");
    let expected = Duration::from_secs(60)..Duration::from_secs(75);
    assert!(expected.contains(&took), "{took:?}");

    // A short one is in the buffers, and may be on its way.
    let server = SlowServer::start(None).await;
    let upload = server.letta().folder("source-1").upload("a.txt", "x");
    let (error, took) = server.run(&time, upload.send()).await;
    let error = error.unwrap_err();
    assert!(error.is_timeout() && error.may_have_happened(), "{error}");
    assert!(expected.contains(&took), "{took:?}");
}

#[tokio::test]
async fn an_agent_file_that_stands_still_is_given_up_too() {
    let time = VirtualTime::stop();
    let server = SlowServer::start(None).await;
    let letta = server.letta();
    let import = async move {
        let file = FilePart::bytes("a.af", vec![b'x'; LONG]);
        let body = ImportAgentBody::new(file);
        let params = ImportAgentParams::default();
        letta.api().import_agent(&params, body).await.map(drop)
    };
    let (error, took) = server.run(&time, import).await;
    let error = Error::from(error.unwrap_err());
    assert!(error.to_string().contains("nothing moved"), "{error}");
    assert!(!error.may_have_happened(), "{error}");
    assert!(took >= Duration::from_secs(60), "{took:?}");
}

#[tokio::test]
async fn times_that_are_set_hold_for_uploads() {
    let time = VirtualTime::stop();
    let server = SlowServer::start(Some(Duration::from_secs(45))).await;
    let upload = server.upload();
    let still = upload.with_attempt_timeout(Duration::from_secs(20));
    let (error, took) = server.run(&time, still.send()).await;
    let error = error.unwrap_err();
    assert!(error.to_string().contains("for the 20s"), "{error}");
    assert!(took < Duration::from_secs(40), "{took:?}");

    let server = SlowServer::start(Some(Duration::from_secs(45))).await;
    let upload = server.upload();
    let late = upload.with_deadline(Duration::from_secs(100));
    let (error, took) = server.run(&time, late.send()).await;
    let error = error.unwrap_err();
    assert!(error.is_deadline_exceeded(), "{error}");
    let expected = Duration::from_secs(100)..Duration::from_secs(115);
    assert!(expected.contains(&took), "{took:?}");
}

/// An emulator on virtual time that takes so long for a file.
async fn processing(time: &VirtualTime, takes: Duration) -> (Emulator, Letta) {
    let builder = Emulator::builder().clock(time.clock(Duration::ZERO));
    let (emulator, letta) = start_with(builder.file_processing(takes)).await;
    // Time goes on while a request is under way, and a busy machine may take long for one.
    let long = Duration::from_secs(24 * 60 * 60);
    let letta = letta.with_attempt_timeout(long).with_deadline(long);
    (emulator, letta)
}

/// Moves time on until the task is done.
async fn finish<T: Send + 'static>(
    time: &VirtualTime,
    call: impl Future<Output = T> + Send + 'static,
) -> T {
    let task = tokio::spawn(call);
    while !task.is_finished() {
        for _ in 0..20 {
            std::thread::sleep(Duration::from_micros(100));
            tokio::task::yield_now().await;
        }
        time.advance(Duration::from_millis(250)).await;
    }
    task.await.unwrap()
}

#[tokio::test]
async fn a_file_is_waited_for_with_longer_and_longer_pauses() {
    let time = VirtualTime::stop();
    let (emulator, letta) = processing(&time, Duration::from_secs(120)).await;
    let notes = folder(&letta).await;
    let upload = notes.upload("a.txt", "Buy milk.").wait_processed();
    let file = finish(&time, upload.send()).await.unwrap();
    assert_eq!(
        file.processing_status,
        Some(FileProcessingStatus::Completed)
    );
    assert!(time.elapsed() >= Duration::from_secs(120));
    // After 250 ms, and from then on up to every 5 s.
    let asked = emulator.request_count(operations::GET_FILE);
    assert!((20..=32).contains(&asked), "{asked}");
}

#[tokio::test]
async fn waiting_ends_at_its_limit_and_tells_the_last_state() {
    let time = VirtualTime::stop();
    let (_emulator, letta) = processing(&time, Duration::from_secs(3_600)).await;
    let notes = folder(&letta).await;
    let file = notes.upload("a.txt", "Buy milk.").await.unwrap();
    let wait = notes.file(&file.id).wait_processed();
    let start = time.elapsed();
    let limited = wait.clone().with_limit(Duration::from_secs(30));
    let error = finish(&time, limited.send()).await.unwrap_err();
    let took = time.elapsed() - start;
    assert!(error.is_timeout() && !error.is_file_failed(), "{error}");
    assert_eq!(error.file_status(), Some("parsing"));
    assert_eq!(error.file_id(), Some(file.id.as_str()));
    assert!(error.to_string().contains("within 30s"), "{error}");
    assert!(error.to_string().contains("`parsing`"), "{error}");
    let expected = Duration::from_secs(30)..Duration::from_secs(40);
    assert!(expected.contains(&took), "{took:?}");

    // By default, it is ten minutes.
    let start = time.elapsed();
    let error = finish(&time, wait.send()).await.unwrap_err();
    let took = time.elapsed() - start;
    assert!(error.to_string().contains("within 600s"), "{error}");
    let expected = Duration::from_secs(600)..Duration::from_secs(620);
    assert!(expected.contains(&took), "{took:?}");
}

#[tokio::test]
async fn a_question_that_fails_for_a_while_does_not_end_the_wait() {
    let (emulator, letta) = start().await;
    let notes = folder(&letta).await;
    let file = notes.upload("a.txt", "Buy milk.").await.unwrap();
    // As often as a call is tried, and once more.
    let fault = Fault::status(503).on(operations::GET_FILE).times(4);
    emulator.inject(fault).unwrap();
    notes.file(&file.id).wait_processed().await.unwrap();
    assert_eq!(emulator.request_count(operations::GET_FILE), 5);

    // If it goes on, the last failure is the cause.
    emulator
        .inject(Fault::status(503).on(operations::GET_FILE))
        .unwrap();
    let wait = notes.file(&file.id).wait_processed();
    let wait = wait.with_limit(Duration::from_millis(600));
    let error = wait.await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert_eq!(error.file_status(), None);
    assert!(printed(&error).contains("503"), "{}", printed(&error));
}
