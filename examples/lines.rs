use cvxc::problem::*;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let text = std::fs::read_to_string(&args[1]).unwrap();
    let rows: Vec<Vec<f64>> = text.lines().skip(1).map(|l| l.split(',').map(|x| x.parse().unwrap()).collect()).collect();
    let x = Matrix::from_rows(&rows);
    let t = std::time::Instant::now();
    let l = cvxc::arrangement::Lines::new(&x);
    println!("{} {} {:?}", l.count(), l.rank(), t.elapsed());
}
