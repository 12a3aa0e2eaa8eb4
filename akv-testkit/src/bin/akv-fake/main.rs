//! A fake Azure for certificates over TLS on loopback, for programs in any language.

mod arguments;
mod files;

use std::io;
use std::process::ExitCode;

use akv_testkit::{ClockMode, FakeCloud, Fault, TlsServer};

use arguments::Arguments;

fn main() -> ExitCode {
    let arguments = Arguments::read(std::env::args_os()).unwrap_or_else(|error| error.exit());
    match serve(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(io::stderr(), &format!("akv-fake: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn serve(arguments: &Arguments) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        if let Some(file) = &arguments.state {
            // Checked early: at the end, an error would lose the state.
            files::check_writable(file)?;
        }
        let cloud = cloud(arguments)?;
        let server = TlsServer::start(cloud.clone(), arguments.listen).await?;
        let first = arguments.vaults.first().map_or("fake-vault", String::as_str);
        files::write(&arguments.dir, &cloud, &server, first)?;
        // The reader of the next line may end the process at once.
        let ended = termination()?;
        say(
            io::stdout(),
            &format!(
                "ready vault={} control={} dir={}",
                server.vault_url(first),
                server.control_url(),
                arguments.dir.display()
            ),
        );
        ended.await;
        server.stop().await;
        match &arguments.state {
            Some(file) => files::write_secret(file, &cloud.save()),
            None => Ok(()),
        }
    })
}

/// The cloud that the arguments describe.
fn cloud(arguments: &Arguments) -> io::Result<FakeCloud> {
    let secret = format!("{}~{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
    let client = FakeCloud::builder().start().client_id();
    let mut builder = FakeCloud::builder()
        .client(&client, &secret)
        .clock_mode(ClockMode::Tokio)
        .latency(arguments.latency)
        .deletion_takes(arguments.settle)
        .recovery_takes(arguments.settle)
        .issuance_takes(arguments.settle)
        .creation_takes(arguments.settle);
    for (at, name) in arguments.vaults.iter().enumerate() {
        // Certificates with a number of their own are in the first vault.
        let own = if at == 0 { arguments.certificates } else { 0 };
        let certificates = own.max(arguments.certificates_each);
        builder = builder.vault_with(name, |vault| vault.certificates(certificates));
    }
    for name in &arguments.old_vaults {
        builder = builder.vault_with(name, |vault| {
            vault.without_soft_delete().certificates(arguments.certificates_each)
        });
    }
    let tenant = FakeCloud::builder().start().tenant_id();
    for number in 1..=arguments.subscriptions {
        let id = format!("5b5c41b7-0000-4000-9000-{number:012}");
        builder = builder
            .subscription_in(&tenant, &id, "Enabled")
            .vault_with(&format!("fake-vault-{number:05}"), |vault| {
                vault.placed(&id, "certificates").certificates(arguments.certificates_each)
            });
    }
    if let Some(budget) = arguments.budget() {
        builder = builder.budget(budget);
    }
    if let Some(saved) = arguments.state.as_ref().filter(|file| file.exists()) {
        let text = files::read(saved)?;
        builder = builder.restore(&text).map_err(|error| {
            io::Error::other(format!("{} is not a saved state: {error}", saved.display()))
        })?;
    }
    for file in &arguments.client_certificates {
        let invalid = |error: &dyn std::fmt::Display| {
            io::Error::other(format!("client certificate {}: {error}", file.display()))
        };
        let certificate = std::fs::read(file).map_err(|error| invalid(&error))?;
        builder = builder.client_certificate(&certificate).map_err(|error| invalid(&error))?;
    }
    let cloud = builder.start();
    if let Some(folder) = &arguments.arc_keys {
        cloud.arc_agent(folder).map_err(|error| {
            io::Error::other(format!("keys of Azure Arc in {}: {error}", folder.display()))
        })?;
    }
    if let Some(file) = &arguments.faults {
        let faults = Fault::from_json(&files::read(file)?)
            .map_err(|error| io::Error::other(format!("{}: {error}", file.display())))?;
        for fault in faults {
            cloud.fault(fault);
        }
    }
    Ok(cloud)
}

/// Listens for the termination signals from now on.
#[cfg(unix)]
fn termination() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Listens for the termination events from now on.
#[cfg(windows)]
fn termination() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::windows;
    let (mut interrupt, mut pause) = (windows::ctrl_c()?, windows::ctrl_break()?);
    // The window is closed or the machine shuts down. A logoff event goes to every service.
    let (mut close, mut shutdown) = (windows::ctrl_close()?, windows::ctrl_shutdown()?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = pause.recv() => {}
            _ = close.recv() => {}
            _ = shutdown.recv() => {}
        }
    })
}

/// Writes and flushes a line: its reader may read from a pipe.
fn say(mut to: impl io::Write, line: &str) {
    // A closed reader does not end the program.
    let _ = writeln!(to, "{line}").and_then(|()| to.flush());
}
