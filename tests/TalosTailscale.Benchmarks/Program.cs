using BenchmarkDotNet.Running;
using TalosTailscale.Tests.Images.Fuzz;

if (args is ["fuzz", .. var rest]) return await FuzzCommand.RunAsync(rest);
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
