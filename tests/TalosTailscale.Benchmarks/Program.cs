using BenchmarkDotNet.Running;
using TalosTailscale.Benchmarks;
using TalosTailscale.Benchmarks.Rollout;
using TalosTailscale.Benchmarks.Talos;
using TalosTailscale.Benchmarks.Validation;
using TalosTailscale.Tests.Images.Fuzz;

if (args is ["fuzz", .. var rest])
    return await FuzzCommand.RunAsync(rest);
if (args is ["talos-lab", .. var lab])
    return await FleetProcess.RunLabAsync(lab);
if (args is ["talos-client", .. var client])
    return await FleetProcess.RunClientAsync(client);
if (args is ["fleet-operator", var order])
    return await OperatorProcess.RunAsync(order);
if (args is ["validate-lab", .. var fleet])
    return await ValidationProcess.RunLabAsync(fleet);
if (args is ["validate-client", .. var validation])
    return await ValidationProcess.RunClientAsync(validation);
if (args is ["images-memory", var iso, var target])
    return await ImagesBenchmarks.PrintPeakAsync(iso, target);
if (args is ["all", .. var modes])
    return await BenchmarkCommand.RunAllAsync(modes);
if (args is [var mode, .. var arguments] && BenchmarkModes.ByName.ContainsKey(mode))
    return await BenchmarkCommand.RunAsync(mode, arguments);
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
