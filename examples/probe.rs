use cvxc::problem::*;
use cvxc::solve::*;
use std::sync::Arc;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let text = std::fs::read_to_string(&args[1]).unwrap();
    let rows: Vec<Vec<f64>> = text.lines().skip(1).map(|l| l.split(',').map(|x| x.parse().unwrap()).collect()).collect();
    let y = rows.iter().map(|r| *r.last().unwrap()).collect();
    let x: Vec<Vec<f64>> = rows.iter().map(|r| r[..r.len() - 1].to_vec()).collect();
    let loss = args.get(3).map_or("squared", |s| s);
    let mode = args.get(4).map_or("generate", |s| s);
    let problem = Problem {
        name: "probe".into(),
        dataset: Dataset {
            columns: vec![],
            target: Target::Number(Column { name: "y".into(), shift: 0., scale: 1. }),
            train: Rows { inputs: Matrix::from_rows(&x), targets: y },
            test: None,
            source: "".into(),
            dropped: 0,
        },
        architecture: Architecture { activation: Activation::relu(), bias: Bias::None, width: None, skip: false },
        objective: Objective {
            loss: cvxc::loss::Total { loss: cvxc::loss::find(loss).unwrap(), parameter: 1.0, mean: true },
            regularizer: cvxc::regularizer::Regularizer::weight_decay(),
            strength: args[2].parse().unwrap(),
        },
        plan: Plan {
            arrangements: match mode {
                "all" => Arrangements::All,
                "generate" => Arrangements::Generate,
                n => Arrangements::Sample { count: n.parse().unwrap(), seed: 1 },
            },
            ..Plan::default()
        },
    };
    let start = std::time::Instant::now();
    let mut progress = |e: Event| eprintln!("{:7.3} {e:?}", start.elapsed().as_secs_f64());
    let mut control = Control {
        progress: &mut progress,
        interrupted: Arc::default(),
        time: std::time::Duration::from_secs(300),
        threads: 0,
        verbose: false,
    };
    let o = solve(&problem, &mut control).unwrap();
    println!(
        "{:.3}s objective {:.12} lower {:.6} {:?} neurons {} from {} rounds {} {:?} {:?}",
        o.seconds,
        o.objective,
        o.lower_bound,
        o.bound,
        o.network.neurons(),
        o.neurons_before_pruning,
        o.rounds,
        o.size,
        o.stopped
    );
}
