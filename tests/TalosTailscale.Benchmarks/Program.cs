using BenchmarkDotNet.Running;
using TalosTailscale.Benchmarks;
using TalosTailscale.Benchmarks.Kubernetes;
using TalosTailscale.Tests.Images.Fuzz;

if (args is ["fuzz", .. var rest]) return await FuzzCommand.RunAsync(rest);
if (args is ["exec", .. var transfer]) return await ExecTransfer.RunAsync(transfer);
if (args is ["images", .. var rounds]) return await ImagesBenchmarks.RunAsync(rounds);
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
