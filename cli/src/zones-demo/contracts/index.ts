export { AssemblyError, assemble, deploymentCode } from './assembler.ts';
export { gatewayAbi, gatewayAssembly, gatewayDeployment } from './gateway.ts';
export { tokenAbi, tokenAssembly, tokenDeployment } from './token.ts';
