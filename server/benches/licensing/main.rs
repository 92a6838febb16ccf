//! How fast instances are served, as ratios to what the machine can do at all, so that figures of different machines
//! can be compared. `cargo xtask bench` builds it as it ships and runs it; `--help` says what can be chosen.
//!
//! Everything is measured through real sockets with the same client in the same process, in rounds that take turns, and
//! each figure is the median of its rounds. A sample of the leases is verified; a wrong answer voids the run.

mod baselines;
mod load;
mod stage;

use std::time::Duration;

use anyhow::{Result, bail};
use backend::leases::live::Settings;

use self::baselines::Baselines;
use self::load::{Kind, Load};
use self::stage::Stage;

const HELP: &str = "\
Options:
  --seconds N      length of a measurement (2)
  --rounds N       rounds, the median of which counts (5)
  --connections N  connections of the client (32)
  --instances N    instances that check (10000)
  --scale          also compare 1,000 with 1,000,000 instances (takes minutes)
  --in-memory N    instances in memory at most, licensing.instances_in_memory (as it ships: 250000)
  --postgres URL   also measure on this PostgreSQL database, which must be empty
  --only TEXT      of the series, the first three and those whose name has this text
  --quick          one short round, to see that everything works";

struct Choice {
    seconds: u64,
    rounds: usize,
    connections: usize,
    instances: usize,
    scale: bool,
    in_memory: usize,
    postgres: Option<String>,
    only: String,
}

fn choose() -> Result<Choice> {
    let mut choice = Choice {
        seconds: 2,
        rounds: 5,
        connections: 32,
        instances: 10_000,
        scale: false,
        in_memory: Settings::default().capacity,
        postgres: None,
        only: String::new(),
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().unwrap_or_default();
        match argument.as_str() {
            "--seconds" => choice.seconds = value().parse()?,
            "--rounds" => choice.rounds = value().parse()?,
            "--connections" => choice.connections = value().parse()?,
            "--instances" => choice.instances = value().parse()?,
            "--scale" => choice.scale = true,
            "--in-memory" => choice.in_memory = value().parse()?,
            "--postgres" => choice.postgres = Some(value()),
            "--only" => choice.only = value(),
            "--quick" => (choice.seconds, choice.rounds, choice.instances) = (1, 1, 200),
            // `cargo bench` passes it to every target.
            "--bench" => {}
            "--help" => {
                println!("{HELP}");
                std::process::exit(0);
            }
            other => bail!("{other} is no option.\n{HELP}"),
        }
    }
    Ok(choice)
}

fn main() -> Result<()> {
    let choice = choose()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(measure(&choice))
}

/// A series of measurements.
struct Series {
    name: String,
    load: Load,
    /// Requests a second, one for each round.
    rates: Vec<f64>,
}

impl Series {
    fn new(name: impl Into<String>, load: Load) -> Self {
        Self { name: name.into(), load, rates: Vec::new() }
    }

    fn median(&self) -> f64 {
        let mut rates = self.rates.clone();
        rates.sort_by(f64::total_cmp);
        rates.get(rates.len() / 2).copied().unwrap_or_default()
    }
}

async fn measure(choice: &Choice) -> Result<()> {
    let window = Duration::from_secs(choice.seconds);
    let coalescing = Settings { capacity: choice.in_memory, ..Settings::default() };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!(
        "{cores} cores, client included; {} connections; {} rounds of {} s; SQLite synchronous=FULL; heartbeats \
         coalesced within {} ms unless said otherwise; at most {} instances in memory",
        choice.connections,
        choice.rounds,
        choice.seconds,
        coalescing.coalesce.as_millis(),
        coalescing.capacity
    );
    let coalesced = Stage::sqlite(choice.instances, coalescing).await?;
    let durable = Stage::sqlite(choice.instances, Settings { coalesce: Duration::ZERO, ..coalescing }).await?;
    let baselines = Baselines::start(&coalesced).await?;
    let load = |address, kind| Load::new(address, kind, choice.connections);
    let mut series = vec![
        Series::new("N  a handler that does nothing", load(baselines.address, Kind::Nothing)),
        Series::new("S  signs a lease of the same size", load(baselines.address, Kind::Sign)),
        Series::new("C  one SQLite commit per request", load(baselines.address, Kind::Commit)),
        Series::new("   check, coalesced", load(coalesced.address, Kind::checks(&coalesced))),
        Series::new("   check, a commit before each answer", load(durable.address, Kind::checks(&durable))),
        Series::new("   activate + release, durable", load(coalesced.address, Kind::activations(&coalesced))),
    ];
    let mut stages = vec![coalesced, durable];
    if let Some(url) = &choice.postgres {
        let stage = Stage::on(url, choice.instances.min(10_000)).await?;
        series.push(Series::new("   check, PostgreSQL", load(stage.address, Kind::checks(&stage))));
        series.push(Series::new("   activate + release, PostgreSQL", load(stage.address, Kind::activations(&stage))));
        stages.push(stage);
    }
    if choice.scale {
        for instances in [1_000, 1_000_000] {
            let stage = Stage::sqlite(instances, coalescing).await?;
            series.push(Series::new(
                format!("   check, {instances} instances"),
                load(stage.address, Kind::checks(&stage)),
            ));
            stages.push(stage);
        }
    }
    // The first three are what the others are compared with.
    let chosen = series.split_off(3).into_iter().filter(|one| one.name.contains(&choice.only));
    series.extend(chosen.collect::<Vec<_>>());
    for one in &mut series {
        // Every instance checks once before it counts.
        one.load.warm_up().await?;
    }
    for round in 1..=choice.rounds {
        for one in &mut series {
            let rate = one.load.run(window).await?;
            one.rates.push(rate);
        }
        eprintln!("round {round} of {} done", choice.rounds);
    }
    report(&series);
    flood(&mut series, &stages[0], window, choice).await?;
    for stage in &stages {
        stage.audit().await?;
    }
    Ok(())
}

fn report(series: &[Series]) {
    let [nothing, sign, commit] = [0, 1, 2].map(|at| series[at].median());
    println!("{:<40} {:>10} {:>8} {:>8} {:>8} {:>8}", "", "median/s", "spread", "× N", "× S", "× C");
    for one in series {
        let median = one.median();
        let spread = one.rates.iter().copied().fold(0.0, f64::max) - one.rates.iter().copied().fold(f64::MAX, f64::min);
        println!(
            "{:<40} {:>10.0} {:>7.0}% {:>8.2} {:>8.2} {:>8.2}",
            one.name,
            median,
            spread / median.max(1.0) * 100.0,
            median / nothing,
            median / sign,
            median / commit
        );
    }
    let small = series.iter().find(|one| one.name.ends_with(" 1000 instances"));
    let large = series.iter().find(|one| one.name.ends_with(" 1000000 instances"));
    if let (Some(small), Some(large)) = (small, large) {
        println!("cost per check at 1,000,000 instances: {:.2} × the cost at 1,000", small.median() / large.median());
    }
}

/// The check rate while somebody floods the log-in form.
async fn flood(series: &mut [Series], stage: &Stage, window: Duration, choice: &Choice) -> Result<()> {
    let Some(checks) = series.iter_mut().find(|one| one.name.trim() == "check, coalesced") else { return Ok(()) };
    let (mut alone, mut flooded) = (Vec::new(), Vec::new());
    for _ in 0..choice.rounds {
        alone.push(checks.load.run(window).await?);
        let log_ins = Load::new(stage.address, Kind::LogIn, 16);
        let flood = tokio::spawn(async move { log_ins.run_shared(window).await });
        flooded.push(checks.load.run(window).await?);
        let log_ins: f64 = flood.await??;
        eprintln!("flooded with {log_ins:.0} log-ins a second");
    }
    for rates in [&mut alone, &mut flooded] {
        rates.sort_by(f64::total_cmp);
    }
    let ratio = flooded[flooded.len() / 2] / alone[alone.len() / 2];
    println!("check rate under a flood of log-ins: {:.0} % of the rate without", ratio * 100.0);
    Ok(())
}
